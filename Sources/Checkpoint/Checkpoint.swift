/// The room's name, until its first type moves in.
enum CheckpointRoom {}
