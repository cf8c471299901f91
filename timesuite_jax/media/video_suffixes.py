"""Suffixes of video files: every container that FFmpeg reads and users have, old cameras and broadcasts included."""

_BY_ORIGIN = {
    "MPEG-4 and QuickTime, as written by phones, cameras and editors": (
        ".mp4 .m4v .mp4v .mov .qt .3gp .3g2 .f4v .insv .lrv"
    ),
    "Matroska": ".mkv .webm .mk3d",
    "MPEG streams of broadcasts, DVDs and camcorders": (
        ".ts .mts .m2ts .m2t .trp .tp .mpg .mpeg .mpe .m1v .m2v .vob .vro .evo .mod .tod"
    ),
    "Microsoft": ".avi .divx .wmv .asf .wtv .dvr-ms",
    "the web before mp4": ".flv .ogv .ogm .rm .rmvb .gif .apng .amv .nsv",
    "production, and raw streams": ".mxf .gxf .dv .nut .ivf .y4m .mjpg .mjpeg .h264 .264 .h265 .265 .hevc .obu",
}
VIDEO_SUFFIXES = frozenset(suffix for suffixes in _BY_ORIGIN.values() for suffix in suffixes.split())
