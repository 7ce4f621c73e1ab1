"""What the scripted planner says in these tests."""

GRASP = "grasp(0.313, 0.417, 0.950)"
CARRY = "move(0.313, 0.417, 0.850, 0.688, 0.333, 0.950)"
SCRIPT = f"{GRASP}; {CARRY}; done()"
