"""An embodied-robot instruction agent: look, ask a multimodal model, check, act, look again."""
