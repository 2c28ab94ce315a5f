import MynahCommands

/// The command of the house.
@main
struct Mynah {
    static func main() { Program.main() }
}
