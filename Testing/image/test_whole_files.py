import os
import sys

from LuDosimetryLib.image.whole_files import native_messages


def test_messages_of_c_libraries_stay_off_the_console(capfd):
    with native_messages() as said:
        os.write(2, b"MetaImage: broken\n\n")
    assert said == ["MetaImage: broken"]
    print("after", file=sys.stderr)
    assert capfd.readouterr().err == "after\n"
