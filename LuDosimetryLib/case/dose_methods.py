"""The dose methods that a case can ask for: what each is called, what it needs, where it is."""

from dataclasses import dataclass

__all__ = ["DOSE_METHODS", "DoseMethodEntry"]


@dataclass(frozen=True)
class DoseMethodEntry:
    """
    A dose method, known without importing what calculates it.

    Attributes
    ----------
    name : str
        In case.json and on the command line.
    label : str
        In the panel and the report.
    help : str
        What the method does, in a sentence.
    function : str
        ``module:function`` below ``LuDosimetryLib.dose``; loaded when the method is used.
    statistical : bool
        Whether the dose has a standard error, and takes minutes rather than seconds.
    needs_kernels : bool
        Whether the method needs point kernels of the nuclide.
    lack : str
        ``module:function`` that says why the method is not available on this machine, or None;
        empty if it is always available.
    needs_ct : bool
        Whether the method needs a CT of the patient.
    nuclide_check : str
        ``module:function`` of nuclide and network that refuses nuclides for which the method was
        not made; empty if it is right for every nuclide whose data it has.
    """

    name: str
    label: str
    help: str
    function: str
    statistical: bool = False
    needs_kernels: bool = True
    lack: str = ""
    needs_ct: bool = False
    nuclide_check: str = ""


_ENTRIES = (
    DoseMethodEntry(
        "local",
        "Local deposition",
        "Electron energy stays in its voxel; photons leave the patient.",
        "local:local_dose",
        needs_kernels=False,
    ),
    DoseMethodEntry(
        "single-vsv",
        "Single voxel S value",
        "One kernel, soft tissue of 1.04 g/cm³.",
        "single_vsv:single_vsv_dose",
    ),
    DoseMethodEntry(
        "multi-vsv",
        "Multiple voxel S values",
        "The kernels of 20 media by CT density (Kim et al. 2022).",
        "multi_vsv:multi_vsv_dose",
    ),
    DoseMethodEntry(
        "split-vsv",
        "Split voxel S values",
        "Electrons by the medium of the source voxel, photons by that of the target voxel and of the path between.",
        "split_vsv:split_vsv_dose",
    ),
    DoseMethodEntry(
        "photon-transport",
        "Photon transport",
        "Electrons by the medium of the source voxel, photons through this patient's tissues by discrete ordinates.",
        "photon_transport.method:photon_transport_dose",
    ),
    DoseMethodEntry(
        "unet",
        "Residual U-Net",
        "Multiple voxel S values (Kim et al. 2022), corrected by photon transport through this patient's tissues and, for "
        "electrons, by a network trained on Monte Carlo.",
        "unet:unet_dose",
        needs_ct=True,
        lack="unet:lack_of_network",
        nuclide_check="unet:check_nuclide",
    ),
    DoseMethodEntry(
        "monte-carlo",
        "Monte Carlo",
        "Every decay followed through this patient; minutes, with standard errors.",
        "monte_carlo:monte_carlo_dose",
        statistical=True,
        needs_kernels=False,
    ),
)

DOSE_METHODS = {entry.name: entry for entry in _ENTRIES}
"""Dose methods by name, in the order in which they are offered."""
