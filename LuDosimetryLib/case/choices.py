"""Values of options that need no code of their own: registrations, tails, devices."""

from .option import Choice

__all__ = ["DEVICES", "REGISTRATIONS", "TAILS"]

REGISTRATIONS = {
    "none": Choice("None: scans are taken as aligned", "The scans lie where their files put them."),
    "rigid": Choice("Rigid", "Shifts and rotates each scan onto the reference scan."),
    "affine": Choice("Affine", "Shifts, rotates, scales and shears each scan onto the reference."),
    "deformable": Choice(
        "Deformable", "Deforms each scan onto the reference scan, after a rigid registration."
    ),
}

TAILS = {
    "physical": Choice(
        "Physical decay",
        "Activity falls by decay alone; the dose is overestimated where activity washes out.",
    ),
    "effective": Choice(
        "Effective decay",
        "Activity falls as between the last two scans, but never more slowly than by decay.",
    ),
}

DEVICES = {
    "auto": Choice("Automatic", "A CUDA device where there is one, else the CPU."),
    "cpu": Choice("CPU", "The processor's cores."),
    "cuda": Choice("CUDA", "A CUDA device; refused where PyTorch finds none."),
}
