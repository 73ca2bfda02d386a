"""Point kernels by Monte Carlo, and the voxel S values that follow from them."""
