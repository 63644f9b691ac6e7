import torch

x = torch.tensor(3.0, device="DEVICE", requires_grad=True)
y = x**2 + 2 * x
y.backward()
print(x.grad.item())
