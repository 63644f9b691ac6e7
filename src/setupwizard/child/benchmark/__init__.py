"""The program that proves a PyTorch and measures it; `program` says how it is spoken to."""
