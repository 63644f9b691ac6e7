import torch

device = "DEVICE"
a = torch.rand(2000, 2000, device=device)
b = torch.rand(2000, 2000, device=device)
c = a @ b
print(c.device, c.mean().item())
