import torch
from torch import nn

torch.manual_seed(0)
x = torch.linspace(-3, 3, 200, device="DEVICE").unsqueeze(1)
y = torch.sin(x)

model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1)).to("DEVICE")
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for step in range(500):
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 99:
        print(step + 1, loss.item())
