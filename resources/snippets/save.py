import torch
from torch import nn

model = nn.Linear(4, 2).to("DEVICE")
torch.save(model.state_dict(), "model.pt")

again = nn.Linear(4, 2)
again.load_state_dict(torch.load("model.pt", map_location="cpu", weights_only=True))
print(torch.equal(again.weight, model.weight.cpu()))
