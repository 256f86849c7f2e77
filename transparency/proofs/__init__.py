"""What machines can prove. Bytes in, frozen values out: no Django, disk, network, clock or subprocess.

docs/formats.md is the specification of every format here.
"""
