import Testing

/// A first test, replaced as the room fills.
struct RoomTests { @Test func opens() {} }
