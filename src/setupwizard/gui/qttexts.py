"""Qt's own texts, those of its file dialogs, in the language that is spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from PySide6.QtCore import QTranslator


class QtTexts:
    """The translation of Qt's own texts, for as long as this lives; Qt speaks English without one."""

    def __init__(self) -> None:
        """Begin in English: nothing is loaded."""
        self._speaks = "en"
        self._translator: QTranslator | None = None

    def speak(self, language: str) -> None:
        """Speak a language from now on."""
        if language == self._speaks:
            return
        from PySide6.QtCore import QLibraryInfo, QTranslator

        if self._translator is not None:
            QCoreApplication.removeTranslator(self._translator)
        self._speaks, self._translator = language, None
        translator = QTranslator()
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if language != "en" and translator.load(f"qtbase_{language}", folder):
            QCoreApplication.installTranslator(translator)
            self._translator = translator
