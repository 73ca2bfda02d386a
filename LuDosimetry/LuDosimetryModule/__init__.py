"""
The parts of the Slicer module LuDosimetry: from scene to job folder, and from result to scene.

Slicer loads every ``*.py`` that lies directly in a module folder as a module of its own, but not
those of its sub-folders; it puts the module folder on ``sys.path``. So this package is a sub-folder
of the module's, with a name that no other extension has, and nothing is calculated in it.
"""
