/// Tables of abbreviations. Keys are in lower case and without the final period.
enum Abbreviations {
    /// Before a name; never the end of a sentence.
    static let titles = [
        "dr": "Doctor", "mr": "Mister", "mrs": "Missus", "ms": "Miz", "prof": "Professor", "gen": "General",
        "col": "Colonel", "maj": "Major", "lt": "Lieutenant", "sgt": "Sergeant", "capt": "Captain",
        "cmdr": "Commander", "adm": "Admiral", "rev": "Reverend", "hon": "Honorable", "gov": "Governor",
        "sen": "Senator", "rep": "Representative", "pres": "President", "supt": "Superintendent", "mt": "Mount",
        "ft": "Fort", "messrs": "Messieurs", "mme": "Madame", "fr": "Father",
    ]
    /// These stand without a period, too.
    static let titlesWithoutPeriod: Set<String> = ["dr", "mr", "mrs", "ms", "prof", "sgt", "capt", "mme"]

    /// Before a number.
    static let beforeNumbers = [
        "no": "number", "nos": "numbers", "vol": "volume", "vols": "volumes", "p": "page", "pp": "pages",
        "fig": "figure", "figs": "figures", "ch": "chapter", "sec": "section", "art": "article", "eq": "equation",
        "approx": "approximately", "ca": "circa", "c": "circa", "ext": "extension", "apt": "apartment",
        "rm": "room", "ver": "version", "v": "version", "pt": "part", "tel": "telephone", "op": "opus",
        "est": "established",
    ]

    /// Anywhere; read as written here.
    static let others = [
        "vs": "versus", "etc": "et cetera", "e.g": "for example", "eg": "for example", "i.e": "that is",
        "ie": "that is", "cf": "compare", "viz": "namely", "al": "al", "jr": "Junior", "sr": "Senior",
        "inc": "Incorporated", "ltd": "Limited", "co": "Company", "corp": "Corporation", "bros": "Brothers",
        "assn": "Association", "dept": "department", "depts": "departments", "univ": "University",
        "approx": "approximately", "est": "estimated", "govt": "government", "natl": "national",
        "intl": "international",
        "ave": "Avenue", "blvd": "Boulevard", "rd": "Road", "ln": "Lane", "hwy": "Highway", "pkwy": "Parkway",
        "sq": "Square", "apt": "apartment", "ste": "Suite", "bldg": "building", "min": "minimum", "max": "maximum",
        "avg": "average", "misc": "miscellaneous", "temp": "temperature", "tel": "telephone", "ref": "reference",
        "incl": "including", "excl": "excluding", "attn": "attention", "cont": "continued", "ed": "editor",
        "eds": "editors", "p.s": "P S", "ph.d": "P H D", "w/o": "without", "w/": "with", "b/c": "because",
        "c/o": "care of", "n/a": "N A", "a.k.a": "also known as", "aka": "also known as", "rsvp": "R S V P",
        "asap": "as soon as possible", "and/or": "and or", "o'clock": "o'clock", "yr": "year", "yrs": "years",
        "mo": "month", "mos": "months", "wk": "week", "wks": "weeks", "hr": "hour", "hrs": "hours", "mins": "minutes",
        "secs": "seconds", "lb": "pound", "lbs": "pounds", "oz": "ounces", "pls": "please", "thx": "thanks",
        "mph": "miles per hour", "kph": "kilometers per hour",
    ]
    /// Those of `others` that are words or names of their own when no period follows.
    static let onlyWithPeriod: Set<String> = [
        "al", "co", "corp", "inc", "ed", "eds", "ref", "temp", "max", "min", "sq", "rd", "ln", "ste", "est", "ave",
        "cont", "mo", "mos", "excl", "bros", "ie", "tel", "viz", "misc", "sr", "assn", "natl",
    ]
    /// After these a period stays only at the end of the text or before a likely beginning.
    static let months: [(name: String, short: [String])] = [
        ("January", ["jan"]), ("February", ["feb"]), ("March", ["mar"]), ("April", ["apr"]), ("May", []),
        ("June", ["jun"]), ("July", ["jul"]), ("August", ["aug"]), ("September", ["sep", "sept"]),
        ("October", ["oct"]), ("November", ["nov"]), ("December", ["dec"]),
    ]
    static let days = [
        "mon": "Monday", "tue": "Tuesday", "tues": "Tuesday", "wed": "Wednesday", "thu": "Thursday",
        "thur": "Thursday", "thurs": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday",
    ]
    /// Words that often begin a sentence: before them, the period of an abbreviation is also a full stop.
    static let beginnings: Set<String> = [
        "the", "he", "she", "it", "they", "we", "i", "you", "in", "on", "at", "but", "and", "a", "an", "this", "that",
        "these", "those", "there", "then", "so", "his", "her", "my", "our", "their", "its", "if", "when", "what", "who",
        "how", "why", "where", "after", "before", "however", "please", "now", "no", "yes", "not", "for", "as", "or",
    ]

    /// The month of this name or abbreviation, from 1 to 12.
    static func month(_ word: String) -> Int? {
        months.firstIndex { $0.name.lowercased() == word || $0.short.contains(word) }.map { $0 + 1 }
    }
}
