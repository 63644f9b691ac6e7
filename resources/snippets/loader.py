import torch
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.rand(1000, 8), torch.randint(0, 2, (1000,)))
batches = DataLoader(data, batch_size=64, shuffle=True)

for features, labels in batches:
    features, labels = features.to("DEVICE"), labels.to("DEVICE")
print(len(batches), features.shape, features.device)
