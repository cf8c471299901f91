"""The rules of time: from frame numbers to seconds and back, clips, rounding, notations, time codes.

Every module that makes, converts or writes a time calls these functions; none has a rule of its own. Seconds count from
the start of the file, as a player counts (`media.frame_times`), or from the start of a clip.

* `frames.displayed_frames`: a frame is displayed from its own time until that of the next, the last one until the end
  of the video. Before the first frame, that frame is displayed.
* `frames.span_frames`: spans are half-open. [start, end) in seconds covers the frames displayed at some time in it: the
  first is the one displayed at `start`, the last the one displayed just before `end`. In frames, [first, end) contains
  `first` and not `end`. A span covers at least one frame.
* `frames.frames_span`: frames [first, end) last from the time of `first` to that of `end`, or to the end of the video.
* `clips`: in a clip, seconds count from its start. A clip ends with its video. A frame that appeared before the clip
  has the time 0.
* `rounding`: times in texts are in tenths of a second, rounded as Python rounds: the binary value to the nearest tenth.
* `upstream_stamps`: the original's times are frame number / average rate, in a clip with 0.1 s added.
* `clock_notation`: hours, minutes, seconds and fractions, cut to the unit at or before the time.
* `timecode`: time codes count frames; at 29.97 and 59.94 frames per second they skip numbers (drop-frame).
"""
