extension Kernel {
    /// Changes with the source of any kernel: what was found out about one edition says nothing about another.
    public static let edition: String = {
        // FNV-1a: no more than telling editions apart is asked of it.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for program in Set(all.map(\.program)).map(\.source).sorted() {
            for byte in program.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        return String(hash, radix: 16)
    }()
}
