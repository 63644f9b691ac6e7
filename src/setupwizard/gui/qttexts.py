"""Qt's own texts, those of its file dialogs, in the language that is spoken."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject


class QtTexts:
    """The translation of Qt's own texts; Qt itself speaks English, so that there is none for that."""

    def __init__(self, owner: QObject) -> None:
        """Take whose end is the end of the translation; nothing is loaded yet."""
        self._owner = owner
        self._speaks = "en"

    def speak(self, language: str) -> None:
        """Speak a language from now on."""
        if language == self._speaks:
            return
        from PySide6.QtCore import QLibraryInfo, QTranslator

        for old in self._owner.findChildren(QTranslator):
            QCoreApplication.removeTranslator(old)
            old.deleteLater()
        self._speaks = language
        translator = QTranslator(self._owner)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if language != "en" and translator.load(f"qtbase_{language}", folder):
            QCoreApplication.installTranslator(translator)
