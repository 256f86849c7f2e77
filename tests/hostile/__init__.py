"""What wants to break the intake: archives made by script, each case named for the trick or the CVE.

Every case says what becomes of it: the rule that refuses it and the member or field that is named, or the flag that it is kept with.
What passes is compared byte for byte; nothing is ever written beside what a delivery may leave (conftest.py, `canary`).
The tables are judged in process (cases.py), and put through the real import (imports.py, families.py): one case for each rule in the quick
run, all of them in the slow one.
"""
