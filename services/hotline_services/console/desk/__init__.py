"""What a person sees and orders at a desk, whatever terminal shows it: view, commands, sentences, debrief. No I/O."""
