"""The sections of the panel with method, device and options."""

import os
from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from LuDosimetryLib.case.presets import PRESETS, preset_values
from LuDosimetryLib.jobs.device_probe import DeviceProbe
from LuDosimetryLib.jobs.runner import INTERPRETER_VARIABLE

from . import packages
from .choice_widgets import ChoiceBox, MethodChecks
from .choices import further_options_tip, option_label, option_tip, parameter_of, tip
from .jobs import environment
from .option_rows import OptionRows
from .panel import Panel

_BOXES = {
    "preset": "presetComboBox",
    "registration": "registrationComboBox",
    "integration": "integrationComboBox",
    "tail": "tailComboBox",
    "doseMethod": "methodComboBox",
    "device": "deviceComboBox",
}
_OTHERS = {
    "uncertaintyPercent": "uncertaintySpinBox",
    "compareWith": "compareWidget",
    "media": "mediaSpinBox",
    "seed": "seedSpinBox",
}
_ENDINGS = ("ComboBox", "SpinBox", "Widget")


class MethodSection:
    """
    How and where it is calculated.

    Parameters
    ----------
    panel : Panel
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._probe: DeviceProbe | None = None
        self._asked = False
        ui = panel.ui
        self._boxes = {
            parameter: ChoiceBox(
                getattr(ui, widget),
                parameter,
                self._on_preset if parameter == "preset" else self._setter(parameter),
            )
            for parameter, widget in _BOXES.items()
        }
        self._checks = MethodChecks(ui.compareWidget, self._setter("compareWith"))
        for parameter, widget in (_BOXES | _OTHERS).items():
            getattr(ui, _label_of(widget)).text = option_label(parameter)
            getattr(ui, widget).toolTip = option_tip(parameter)
        self._rows = OptionRows(ui.moreOptionsWidget, self._setter("furtherOptions"))
        ui.furtherLineEdit.toolTip = further_options_tip()
        ui.installNetworkButton.connect("clicked(bool)", self._on_install_network)
        ui.installTorchButton.connect("clicked(bool)", self._on_install_torch)
        ui.installMonteCarloButton.connect("clicked(bool)", self._on_install_monte_carlo)

    def show(self, parameters: Any) -> None:
        """Show what the parameters say."""
        ui = self._panel.ui
        for parameter, box in self._boxes.items():
            box.show(getattr(parameters, parameter))
        ui.presetHint.text = _preset_hint(parameters)
        self._checks.show(parameters.compareWith, parameters.doseMethod)
        self._rows.show(parameters.furtherOptions)
        methods = (parameters.doseMethod, *parameters.compareWith)
        statistical = "monte-carlo" in methods
        ui.uncertaintySpinBox.enabled = statistical
        ui.uncertaintyLabel.enabled = statistical
        ui.installMonteCarloButton.setVisible(not packages.installed("ompmc"))
        ui.installNetworkButton.setVisible(not packages.installed("onnxruntime"))
        ui.installTorchButton.setVisible(not packages.installed("torch"))
        texts = [tip("doseMethod", parameters.doseMethod)]
        texts += [text[:1].upper() + text[1:] + "." for text in self.lacking(parameters)]
        ui.methodHint.text = " ".join(filter(None, texts))

    def lacking(self, parameters: Any) -> list[str]:
        """What must be installed for a run."""
        methods = (parameters.doseMethod, *parameters.compareWith)
        lacking = []
        if "unet" in methods and not _there("onnxruntime"):
            lacking.append(
                _("install ONNX Runtime for the network by the button below, in seconds")
            )
        if "monte-carlo" in methods and not _there("ompmc"):
            lacking.append(_("install the Monte Carlo engine (package ompmc)"))
        return lacking

    def look_for_devices(self) -> bool:
        """Ask once, in the background, for CUDA devices; whether `poll` has something to wait for."""
        if self._asked:
            return self._probe is not None
        self._asked = True
        if packages.installed("torch") or os.environ.get(INTERPRETER_VARIABLE):
            self._probe = DeviceProbe(environment())
            self._panel.ui.deviceFoundLabel.text = _("Looking for CUDA devices ...")
        else:
            self._show_device(None)
        return self._probe is not None

    def poll(self) -> bool:
        """Show the answer once it is there; whether it is still awaited."""
        if self._probe is None:
            return False
        if self._probe.poll():
            self._show_device(self._probe)
            self._probe = None
        return self._probe is not None

    def stop(self) -> None:
        """Wait for nothing any more."""
        if self._probe is not None:
            self._probe.stop()
            self._probe = None

    def _show_device(self, probe: DeviceProbe | None) -> None:
        cores = os.cpu_count() or 1
        if probe is not None and probe.cuda:
            text = _("Found: {gpu} (PyTorch {version}) and {cores} CPU cores.").format(
                gpu=probe.cuda, version=probe.torch, cores=cores
            )
        elif probe is not None and probe.torch:
            text = _("Found: {cores} CPU cores; PyTorch {version} finds no CUDA device.").format(
                cores=cores, version=probe.torch
            )
        else:
            text = _(
                "Found: {cores} CPU cores. CUDA devices need PyTorch, which is not installed."
            ).format(cores=cores)
        self._panel.ui.deviceFoundLabel.text = text

    def _setter(self, parameter: str) -> Callable[[Any], None]:
        return lambda value: self._panel.set_parameter(parameter, value)

    def _on_preset(self, name: str) -> None:
        """Set what a preset decides, but for options that the user set otherwise than the last preset."""
        parameters = self._panel.parameters
        if parameters is None:
            return
        by_hand = _set_by_hand(parameters)
        with slicer.util.NodeModify(parameters):
            for option, value in preset_values(name).items():
                if option not in by_hand:
                    setattr(parameters, parameter_of(option), value)
            parameters.preset = name

    def _on_install_network(self, _checked: bool = False) -> None:
        self._install(packages.install_onnxruntime)

    def _on_install_torch(self, _checked: bool = False) -> None:
        self._install(packages.install_torch)
        self._asked = False
        self.look_for_devices()

    def _on_install_monte_carlo(self, _checked: bool = False) -> None:
        self._install(packages.install_monte_carlo)

    def _install(self, install: Callable[[], bool]) -> None:
        try:
            install()
        except Exception as error:  # whatever pip, the network or the other extension came upon
            self._panel.report_error(
                _("The package could not be installed: {reason}").format(reason=error)
            )
        if self._panel.parameters is not None:
            self._panel.parameters.Modified()


def _set_by_hand(parameters: Any) -> list[str]:
    """Options that the preset decides and that have another value."""
    if parameters.preset not in PRESETS:  # of a newer version
        return []
    decided = preset_values(parameters.preset).items()
    return [o for o, value in decided if getattr(parameters, parameter_of(o)) != value]


def _preset_hint(parameters: Any) -> str:
    """What the preset stands for, and what is otherwise."""
    texts = [tip("preset", parameters.preset)]
    by_hand = [option_label(parameter_of(o)).rstrip(":") for o in _set_by_hand(parameters)]
    if by_hand:
        texts.append(_("Set by hand: {options}.").format(options=", ".join(by_hand)))
    return " ".join(filter(None, texts))


def _label_of(widget: str) -> str:
    """Name of the label beside a widget: that of ``tailComboBox`` is tailLabel."""
    return next(widget.removesuffix(e) for e in _ENDINGS if widget.endswith(e)) + "Label"


def _there(package: str) -> bool:
    """Whether a run has a package; another Python than Slicer's has packages of its own."""
    return bool(os.environ.get(INTERPRETER_VARIABLE)) or packages.installed(package)
