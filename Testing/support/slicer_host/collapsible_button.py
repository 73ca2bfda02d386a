"""ctkCollapsibleButton: a section of the panel with a head to fold it away."""

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from . import members, signals
from .plain import raw
from .standin import declared, stored


class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    """A checkable button whose children show while it is checked, that is, not collapsed."""

    _slicer_host_members = members.declare(("contentsCollapsed(bool)",))

    def __init__(self, text: Any = None, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent if isinstance(text, str) else text)
        self.__dict__["_is_collapsed"] = False
        if isinstance(text, str):
            raw(self, "setText")(text)
        raw(self, "setCheckable")(True)
        raw(self, "setChecked")(True)
        raw(self, "setSizePolicy")(
            QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Preferred
        )
        raw(self, "setBackgroundRole")(QtGui.QPalette.ColorRole.Window)
        raw(self, "setContentsMargins")(0, self._head().height(), 0, 0)
        raw(self, "toggled").connect(lambda checked: self._toggled(checked))

    def _head(self) -> QtCore.QSize:
        style = raw(self, "style")()
        size = raw(self, "fontMetrics")().size(
            QtCore.Qt.TextFlag.TextShowMnemonic.value, raw(self, "text")() or "XXXX"
        )
        width = style.pixelMetric(QtWidgets.QStyle.PixelMetric.PM_IndicatorWidth)
        option = QtWidgets.QStyleOptionButton()
        option.initFrom(self)
        content = QtCore.QSize(size.width() + width + 6, max(size.height(), width))
        kind = QtWidgets.QStyle.ContentsType.CT_PushButton
        return style.sizeFromContents(kind, option, content, self)  # type: ignore[no-any-return]

    def _toggled(self, checked: bool) -> None:
        if raw(self, "isCheckable")():
            self._collapse(not checked)

    def _collapse(self, collapsed: bool) -> None:
        if collapsed == self._is_collapsed:
            return
        self._is_collapsed = collapsed
        if collapsed:
            self._open_height = raw(self, "maximumHeight")()
            raw(self, "setMaximumHeight")(self.sizeHint().height())
        else:
            raw(self, "setMaximumHeight")(self._open_height)
        self._show_children()
        raw(self, "updateGeometry")()
        signals.emit(self, "contentsCollapsed(bool)", collapsed)

    def _show_children(self) -> None:
        # as in CTK: not before the button itself exists, and never a child that was hidden by name
        created = QtCore.Qt.WidgetAttribute.WA_WState_Created
        if not raw(self, "testAttribute")(created):
            return
        for child in raw(self, "children")():
            if not isinstance(child, QtWidgets.QWidget):
                continue
            hidden = raw(child, "property")("visibilityToParent") is False
            self.__dict__["_forcing"] = True
            raw(child, "setVisible")(not self._is_collapsed and not hidden)
            self.__dict__["_forcing"] = False
            if not hidden:
                explicit = QtCore.Qt.WidgetAttribute.WA_WState_ExplicitShowHide
                raw(child, "setAttribute")(explicit, False)

    def childEvent(self, event: QtCore.QChildEvent) -> None:
        """Watch children that are shown or hidden by name."""
        child = event.child()
        if event.added() and child.isWidgetType():
            raw(child, "installEventFilter")(self)
        super().childEvent(event)

    def eventFilter(self, child: QtCore.QObject, event: QtCore.QEvent) -> bool:
        """Remember what the panel wants of a child while this is folded."""
        kinds = (QtCore.QEvent.Type.ShowToParent, QtCore.QEvent.Type.HideToParent)
        if event.type() in kinds and not self.__dict__.get("_forcing"):
            shown = event.type() == kinds[0]
            raw(child, "setProperty")("visibilityToParent", shown)
            if shown and self._is_collapsed:
                self._show_children()
        return False

    def setVisible(self, visible: bool) -> None:
        """Children of a folded button stay hidden when it is shown."""
        self.__dict__["_forcing"] = True
        super().setVisible(visible)
        self.__dict__["_forcing"] = False
        self._show_children()

    def hitButton(self, position: QtCore.QPoint) -> bool:
        """Only the head is the button."""
        return position.y() < self._head().height()

    def minimumSizeHint(self) -> QtCore.QSize:
        """The head, and the contents while open."""
        if self._is_collapsed:
            return self._head() + QtCore.QSize(0, self.__dict__.get("_collapsedHeight", 14))
        return super().minimumSizeHint().expandedTo(self._head())

    def sizeHint(self) -> QtCore.QSize:
        """The head, and the contents while open."""
        below = self._head() + QtCore.QSize(0, self.__dict__.get("_collapsedHeight", 14))
        return below if self._is_collapsed else super().sizeHint().expandedTo(below)

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        """The head, with an arrow and the text."""
        painter = QtGui.QPainter(self)
        style = raw(self, "style")()
        option = QtWidgets.QStyleOptionButton()
        option.initFrom(self)
        height = self._head().height()
        option.rect.setHeight(height)
        option.state |= QtWidgets.QStyle.StateFlag.State_Raised
        style.drawControl(QtWidgets.QStyle.ControlElement.CE_PushButtonBevel, option, painter, self)
        side = style.pixelMetric(QtWidgets.QStyle.PixelMetric.PM_IndicatorWidth)
        arrow = QtWidgets.QStyleOption()
        arrow.initFrom(self)
        arrow.rect = QtCore.QRect((height - side) // 2, (height - side) // 2, side, side)
        right = QtWidgets.QStyle.PrimitiveElement.PE_IndicatorArrowRight
        down = QtWidgets.QStyle.PrimitiveElement.PE_IndicatorArrowDown
        style.drawPrimitive(right if self._is_collapsed else down, arrow, painter, self)
        text = QtCore.QRect(option.rect)
        text.setLeft(arrow.rect.right() + 6)
        flags = QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter
        enabled = raw(self, "isEnabled")()
        style.drawItemText(
            painter, text, flags.value, raw(self, "palette")(), enabled, raw(self, "text")(),
            QtGui.QPalette.ColorRole.ButtonText,
        )  # fmt: skip
        painter.end()

    collapsed = declared(
        bool,
        lambda self: self._is_collapsed,
        lambda self, value: raw(self, "setChecked")(not value),
    )
    collapsedHeight = stored(int, "collapsedHeight", 14)
    flat = stored(bool, "flat", False)
    contentsFrameShape = stored(int, "contentsFrameShape", 0)
    contentsFrameShadow = stored(int, "contentsFrameShadow", 0)
    contentsLineWidth = stored(int, "contentsLineWidth", 1)
    contentsMidLineWidth = stored(int, "contentsMidLineWidth", 0)
    buttonTextAlignment = stored(int, "buttonTextAlignment", 0x81)
    indicatorAlignment = stored(int, "indicatorAlignment", 0x81)
