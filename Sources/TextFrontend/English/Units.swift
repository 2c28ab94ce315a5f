/// Units of measurement and money.
enum Units {
    struct Name: Sendable {
        let one: String
        let many: String

        init(_ one: String, _ many: String? = nil) {
            self.one = one
            self.many = many ?? one + "s"
        }

        func of(_ count: String) -> String { count == "1" ? one : many }
    }

    /// Written right after a number, with or without a space.
    static let names: [String: Name] = [
        "km": .init("kilometer"), "m": .init("meter"), "cm": .init("centimeter"), "mm": .init("millimeter"),
        "nm": .init("nanometer"), "μm": .init("micrometer"), "mi": .init("mile"), "ft": .init("foot", "feet"),
        "yd": .init("yard"), "yds": .init("yard"), "kg": .init("kilogram"), "g": .init("gram"),
        "mg": .init("milligram"),
        "μg": .init("microgram"), "lb": .init("pound"), "lbs": .init("pound"), "oz": .init("ounce"),
        "L": .init("liter"),
        "l": .init("liter"), "ml": .init("milliliter"), "mL": .init("milliliter"), "dl": .init("deciliter"),
        "cl": .init("centiliter"), "gal": .init("gallon"), "km/h": .init("kilometer per hour", "kilometers per hour"),
        "kph": .init("kilometer per hour", "kilometers per hour"), "mph": .init("mile per hour", "miles per hour"),
        "m/s": .init("meter per second", "meters per second"), "ft/s": .init("foot per second", "feet per second"),
        "m^2": .init("square meter"), "km^2": .init("square kilometer"), "cm^2": .init("square centimeter"),
        "ft^2": .init("square foot", "square feet"), "m^3": .init("cubic meter"), "cm^3": .init("cubic centimeter"),
        "sqft": .init("square foot", "square feet"), "ha": .init("hectare"), "h": .init("hour"), "hr": .init("hour"),
        "hrs": .init("hour"), "min": .init("minute"), "mins": .init("minute"), "s": .init("second"),
        "sec": .init("second"), "secs": .init("second"), "ms": .init("millisecond"), "μs": .init("microsecond"),
        "ns": .init("nanosecond"), "Hz": .init("hertz", "hertz"), "kHz": .init("kilohertz", "kilohertz"),
        "MHz": .init("megahertz", "megahertz"), "GHz": .init("gigahertz", "gigahertz"), "KB": .init("kilobyte"),
        "kB": .init("kilobyte"), "MB": .init("megabyte"), "GB": .init("gigabyte"), "TB": .init("terabyte"),
        "KiB": .init("kibibyte"), "MiB": .init("mebibyte"), "GiB": .init("gibibyte"),
        "kbps": .init("kilobit per second", "kilobits per second"),
        "Mbps": .init("megabit per second", "megabits per second"),
        "Gbps": .init("gigabit per second", "gigabits per second"), "W": .init("watt"), "kW": .init("kilowatt"),
        "MW": .init("megawatt"), "GW": .init("gigawatt"), "kWh": .init("kilowatt hour"), "V": .init("volt"),
        "kV": .init("kilovolt"), "mA": .init("milliamp"), "mAh": .init("milliamp hour"), "Ω": .init("ohm"),
        "dB": .init("decibel"), "cal": .init("calorie"), "kcal": .init("kilocalorie"), "kJ": .init("kilojoule"),
        "psi": .init("P S I", "P S I"), "hp": .init("horsepower", "horsepower"), "rpm": .init("R P M", "R P M"),
        "fps": .init("frame per second", "frames per second"), "px": .init("pixel"),
        "bpm": .init("beat per minute", "beats per minute"),
        "°C": .init("degree Celsius", "degrees Celsius"), "°F": .init("degree Fahrenheit", "degrees Fahrenheit"),
        "°": .init("degree"), "%": .init("percent", "percent"), "ºC": .init("degree Celsius", "degrees Celsius"),
        "USD": .init("U S dollar"), "EUR": .init("euro"), "GBP": .init("British pound"), "JPY": .init("yen", "yen"),
        "CHF": .init("Swiss franc"), "¢": .init("cent"), "€": .init("euro"), "£": .init("pound"), "$": .init("dollar"),
    ]
    /// Only right after the number, or with a period of their own: elsewhere they are words.
    static let attachedOnly = ["in": Name("inch", "inches"), "\"": Name("inch", "inches"), "K": Name("K", "K")]
    /// After a space these are more often something else.
    static let neverApart: Set<String> = ["$", "£", "W", "h", "s", "m", "L", "V"]

    struct Currency: Sendable {
        let major: Name
        let minor: Name?
    }

    static let currencies: [Character: Currency] = [
        "$": .init(major: .init("dollar"), minor: .init("cent")),
        "€": .init(major: .init("euro"), minor: .init("cent")),
        "£": .init(major: .init("pound"), minor: .init("penny", "pence")),
        "¥": .init(major: .init("yen", "yen"), minor: nil),
        "₹": .init(major: .init("rupee"), minor: .init("paisa", "paise")),
        "₩": .init(major: .init("won", "won"), minor: nil), "₽": .init(major: .init("ruble"), minor: .init("kopeck")),
        "₿": .init(major: .init("bitcoin"), minor: nil),
    ]
    /// What may stand before the dollar sign.
    static let currencyPrefixes = [
        "US": "U S ", "A": "Australian ", "AU": "Australian ", "C": "Canadian ", "CA": "Canadian ", "HK": "Hong Kong ",
        "NZ": "New Zealand ", "S": "Singapore ",
    ]
    /// Large numbers as words or letters after an amount.
    static let magnitudes = [
        "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "mm": "million",
        "b": "billion", "B": "billion", "bn": "billion", "t": "trillion", "T": "trillion", "tn": "trillion",
        "thousand": "thousand", "million": "million", "billion": "billion", "trillion": "trillion",
        "hundred": "hundred",
    ]
    static let magnitudeWords: Set<String> = ["hundred", "thousand", "million", "billion", "trillion"]
}
