"""The Q-Former of VideoChat-T in plain PyTorch, with upstream's module names: text rows in every layer."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from workload import Sizes


class BertSelfAttention(nn.Module):
    def __init__(self, dim: int, memory_dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(memory_dim, dim)
        self.value = nn.Linear(memory_dim, dim)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
        def heads(y: Tensor) -> Tensor:
            return y.view(*y.shape[:2], self.heads, -1).transpose(1, 2)

        q, k, v = heads(self.query(x)), heads(self.key(memory)), heads(self.value(memory))
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).reshape(x.shape)


class BertOutput(nn.Module):
    def __init__(self, width: int, dim: int):
        super().__init__()
        self.dense = nn.Linear(width, dim)
        self.LayerNorm = nn.LayerNorm(dim, eps=1e-12)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(self.dense(x) + residual)


class BertIntermediate(nn.Module):
    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.dense = nn.Linear(dim, hidden)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.dense(x))


class BertAttention(nn.Module):
    def __init__(self, dim: int, memory_dim: int, heads: int):
        super().__init__()
        self.self = BertSelfAttention(dim, memory_dim, heads)
        self.output = BertOutput(dim, dim)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.output(self.self(x, memory, mask), x)


class QFormerLayer(nn.Module):
    def __init__(self, sizes: Sizes, crosses: bool):
        super().__init__()
        dim, mlp = sizes.qformer_dim, sizes.qformer_mlp
        self.attention = BertAttention(dim, dim, sizes.qformer_heads)
        self.crossattention = BertAttention(dim, sizes.vision_dim, sizes.qformer_heads) if crosses else None
        self.intermediate, self.output = BertIntermediate(dim, mlp), BertOutput(mlp, dim)
        self.intermediate_query, self.output_query = BertIntermediate(dim, mlp), BertOutput(mlp, dim)

    def forward(self, x: Tensor, queries: int, mask: Tensor, vision: Tensor) -> Tensor:
        x = self.attention(x, x, mask)
        query, text = x[:, :queries], x[:, queries:]
        if self.crossattention is not None:
            query = self.crossattention(query, vision)
        query = self.output_query(self.intermediate_query(query), query)
        text = self.output(self.intermediate(text), text)
        return torch.cat((query, text), dim=1)


class QFormerEmbeddings(nn.Module):
    def __init__(self, sizes: Sizes):
        super().__init__()
        self.word_embeddings = nn.Embedding(sizes.bert_vocab, sizes.qformer_dim)
        self.position_embeddings = nn.Embedding(sizes.bert_positions, sizes.qformer_dim)
        self.LayerNorm = nn.LayerNorm(sizes.qformer_dim, eps=1e-12)
        self.register_buffer("position_ids", torch.arange(sizes.bert_positions)[None])

    def forward(self, text: Tensor, queries: Tensor) -> Tensor:
        words = self.word_embeddings(text) + self.position_embeddings(self.position_ids[:, : text.shape[1]])
        return self.LayerNorm(torch.cat((queries, words), dim=1))


class QFormer(nn.Module):
    def __init__(self, sizes: Sizes):
        super().__init__()
        self.bert = nn.Module()
        self.bert.embeddings = QFormerEmbeddings(sizes)
        self.bert.encoder = nn.Module()
        layers = (QFormerLayer(sizes, crosses=index % 2 == 0) for index in range(sizes.qformer_layers))
        self.bert.encoder.layer = nn.ModuleList(layers)

    def forward(self, queries: Tensor, text: Tensor, text_mask: Tensor, vision: Tensor) -> Tensor:
        x = self.bert.embeddings(text, queries)
        keep = torch.cat((text_mask.new_ones(queries.shape[:2]), text_mask), dim=1)
        mask = ((1.0 - keep.to(x.dtype)) * -10000.0)[:, None, None, :]
        for layer in self.bert.encoder.layer:
            x = layer(x, queries.shape[1], mask, vision)
        return x[:, : queries.shape[1]]
