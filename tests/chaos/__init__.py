"""Real processes, killed and frozen at random while people come, move and leave; then everybody is compared.

`python -m tests.chaos --rounds 40 --people 300 --seed 1` starts a made-up Kenjo, a Redis, a directory that
can fail, two services and two workers. The same seed draws the same disturbances and the same changes; how
they meet is up to the machine.
"""
