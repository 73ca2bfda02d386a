"""Section of the panel that starts, follows and cancels a calculation."""

from typing import Any

from slicer.i18n import tr as _

from .background import BackgroundJob

_WHOLE = 1000


class RunSection:
    """
    Run button, progress, stage, remaining time and log.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._logged = 0
        self._lacking: list[str] = []
        self.idle([])

    def idle(self, lacking: list[str]) -> None:
        """
        Show that nothing is running.

        Parameters
        ----------
        lacking : list of str
            Inputs that are missing for a run.
        """
        button = self._ui.runButton
        button.text = _("Run")
        button.enabled = not lacking
        button.toolTip = (
            _("To run: {what}.").format(what="; ".join(lacking))
            if lacking
            else _("Calculate the dose in the background; Slicer can be used meanwhile.")
        )

    def started(self) -> None:
        """Show that a calculation has started."""
        self._logged = 0
        self._ui.logText.clear()
        button = self._ui.runButton
        button.text = _("Cancel")
        button.enabled = True
        button.toolTip = _("Stop the calculation; the scene stays as it is.")

    def follow(self, job: BackgroundJob) -> None:
        """Show the progress of a job."""
        ui = self._ui
        value = round(_WHOLE * job.fraction)
        if ui.progressBar.value != value:
            ui.progressBar.value = value
        if ui.stageLabel.text != job.stage:
            ui.stageLabel.text = job.stage
        left = _time_left(job.seconds_left) if job.running else ""
        if ui.timeLeftLabel.text != left:
            ui.timeLeftLabel.text = left
        for line in job.log[self._logged :]:
            ui.logText.appendPlainText(line)
        self._logged = len(job.log)

    def cancelling(self) -> None:
        """Show that the user has cancelled."""
        self._ui.runButton.enabled = False
        self._ui.runButton.toolTip = _("The calculation is being stopped.")

    def ended(self, job: BackgroundJob) -> None:
        """Show how a job ended."""
        self.follow(job)
        assert job.outcome is not None
        ui = self._ui
        ui.progressBar.value = _WHOLE if job.outcome.kind == "done" else 0
        if job.outcome.kind == "done":
            ui.stageLabel.text = _("Done in {seconds:.1f} s.").format(seconds=job.seconds)
        else:
            ui.stageLabel.text = job.outcome.text[:1].upper() + job.outcome.text[1:]


def _time_left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 100.0:
        return _("about {n:.0f} s left").format(n=max(1.0, seconds))
    if seconds < 6000.0:
        return _("about {n:.0f} min left").format(n=seconds / 60.0)
    return _("about {n:.1f} h left").format(n=seconds / 3600.0)
