"""From SPECT voxels to time-integrated activity."""
