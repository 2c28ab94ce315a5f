/// What is typed and its phoneme text, checked by eye when added.
let phonemizerCases: [(typed: String, phonemes: String)] = [
    (
        "Hello, world! How are you?",
        "{HH AH0 L OW1}, {W ER1 L D}! {HH AW1} {AA1 R} {Y UW1}?"
    ),
    (
        "I read the book yesterday.",
        "{AY1} {R EH1 D} {DH AH0} {B UH1 K} {Y EH1 S T ER0 D EY2}."
    ),
    (
        "I will read it again, and I like to read.",
        "{AY1} {W IH1 L} {R IY1 D} {IH1 T} {AH0 G EH1 N}, {AH0 N D} {AY1} {L AY1 K} {T AH0} {R IY1 D}."
    ),
    (
        "She has read every letter.",
        "{SH IY1} {HH AE1 Z} {R EH1 D} {EH1 V ER0 IY0} {L EH1 T ER0}."
    ),
    (
        "They live in a live music city.",
        "{DH EY1} {L IH1 V} {IH0 N} {AH0} {L AY1 V} {M Y UW1 Z IH0 K} {S IH1 T IY0}."
    ),
    (
        "He lives nine lives.",
        "{HH IY1} {L IH1 V Z} {N AY1 N} {L AY1 V Z}."
    ),
    (
        "Please close the door; it is close to midnight.",
        "{P L IY1 Z} {K L OW1 Z} {DH AH0} {D AO1 R}; {IH1 T} {IH1 Z} {K L OW1 S} {T AH0} {M IH1 D N AY2 T}."
    ),
    (
        "The wind blew while I had to wind the clock.",
        "{DH AH0} {W IH1 N D} {B L UW1} {W AY1 L} {AY1} {HH AE1 D} {T AH0} {W AY1 N D} {DH AH0} {K L AA1 K}."
    ),
    (
        "She shed a tear when I had to tear the page.",
        "{SH IY1} {SH EH1 D} {AH0} {T IH1 R} {W EH1 N} {AY1} {HH AE1 D} {T AH0} {T EH1 R} {DH AH0} {P EY1 JH}."
    ),
    (
        "Take a bow with your bow and arrow.",
        "{T EY1 K} {AH0} {B AW1} {W IH1 DH} {Y AO1 R} {B OW1} {AH0 N D} {AE1 R OW0}."
    ),
    (
        "I use a tool; there is no use.",
        "{AY1} {Y UW1 Z} {AH0} {T UW1 L}; {DH EH1 R} {IH1 Z} {N OW1} {Y UW1 S}."
    ),
    (
        "He used to be used.",
        "{HH IY1} {Y UW1 S T} {T AH0} {B IY1} {Y UW1 Z D}."
    ),
    (
        "Record the meeting for the record.",
        "{R IH0 K AO1 R D} {DH AH0} {M IY1 T IH0 NG} {F AO1 R} {DH AH0} {R EH1 K ER0 D}."
    ),
    (
        "He records records.",
        "{HH IY1} {R IH0 K AO1 R D Z} {R EH1 K ER0 D Z}."
    ),
    (
        "I object to that object.",
        "{AY1} {AH0 B JH EH1 K T} {T AH0} {DH AE1 T} {AA1 B JH EH0 K T}."
    ),
    (
        "The present is here; let me present it.",
        "{DH AH0} {P R EH1 Z AH0 N T} {IH1 Z} {HH IY1 R}; {L EH1 T} {M IY1} {P R IY0 Z EH1 N T} {IH1 T}."
    ),
    (
        "Wait a minute, the minute details are wrong.",
        "{W EY1 T} {AH0} {M IH1 N AH0 T}, {DH AH0} {M AY0 N UW1 T} {D IY1 T EY0 L Z} {AA1 R} {R AO1 NG}."
    ),
    (
        "I am content with the content.",
        "{AY1} {AE1 M} {K AH0 N T EH1 N T} {W IH1 DH} {DH AH0} {K AA1 N T EH0 N T}."
    ),
    (
        "He refused to refuse the refuse.",
        "{HH IY1} {R AH0 F Y UW1 Z D} {T AH0} {R IH0 F Y UW1 Z} {DH AH0} {R EH1 F Y UW2 Z}."
    ),
    (
        "They produce fresh produce.",
        "{DH EY1} {P R AH0 D UW1 S} {F R EH1 SH} {P R OW1 D UW0 S}."
    ),
    (
        "Can you lead the team?",
        "{K AE1 N} {Y UW1} {L IY1 D} {DH AH0} {T IY1 M}?"
    ),
    (
        "Lead pipes are bad.",
        "{L EH1 D} {P AY1 P S} {AA1 R} {B AE1 D}."
    ),
    (
        "The lead singer smiled.",
        "{DH AH0} {L IY1 D} {S IH1 NG ER0} {S M AY1 L D}."
    ),
    (
        "The bass player caught a sea bass.",
        "{DH AH0} {B EY1 S} {P L EY1 ER0} {K AA1 T} {AH0} {S IY1} {B AE1 S}."
    ),
    (
        "The nurse wound a bandage around the wound.",
        "{DH AH0} {N ER1 S} {W AW1 N D} {AH0} {B AE1 N D IH0 JH} {ER0 AW1 N D} {DH AH0} {W UW1 N D}."
    ),
    (
        "The dove dove into the water.",
        "{DH AH0} {D AH1 V} {D OW1 V} {IH1 N T UW0} {DH AH0} {W AO1 T ER0}."
    ),
    (
        "We must not desert them in the desert.",
        "{W IY1} {M AH1 S T} {N AA1 T} {D IH0 Z ER1 T} {DH EH1 M} {IH0 N} {DH AH0} {D EH1 Z ER0 T}."
    ),
    (
        "Permit me to see your permit.",
        "{P ER0 M IH1 T} {M IY1} {T AH0} {S IY1} {Y AO1 R} {P ER1 M IH2 T}."
    ),
    (
        "The rebel began to rebel.",
        "{DH AH0} {R EH1 B AH0 L} {B IH0 G AE1 N} {T AH0} {R IH0 B EH1 L}."
    ),
    (
        "A B C, vitamin A, plan B.",
        "{EY1} {B IY1} {S IY1}, {V AY1 T AH0 M AH0 N} {EY1}, {P L AE1 N} {B IY1}."
    ),
    (
        "A cat, an apple, the apple, the cat.",
        "{AH0} {K AE1 T}, {AE1 N} {AE1 P AH0 L}, {DH IY0} {AE1 P AH0 L}, {DH AH0} {K AE1 T}."
    ),
    (
        "I want to eat and to sleep.",
        "{AY1} {W AA1 N T} {T UW1} {IY1 T} {AH0 N D} {T AH0} {S L IY1 P}."
    ),
    (
        "The FBI met the CEOs of IBM.",
        "{DH IY0} {EH1 F} {B IY1} {AY1} {M EH1 T} {DH AH0} {S IY1} {IY1} {OW1 Z} {AH1 V} {AY1} {B IY1} {EH1 M}."
    ),
    (
        "The smartphone's blockchain was unfriendable.",
        "{DH AH0} {S M AA1 R T F OW2 N Z} {B L AA1 K CH EY1 N} {W AH1 Z} {AH0 N F R EH1 N D AH0 B AH0 L}."
    ),
    (
        "\"Hello,\" she said (quietly): \"yes — no…\"",
        "\"{HH AH0 L OW1},\" {SH IY1} {S EH1 D} ({K W AY1 AH0 T L IY0}): \"{Y EH1 S}— {N OW1}…\""
    ),
    (
        "{HH AH0 L OW1} there, {W ER1 L D}!",
        "{HH AH0 L OW1} {DH EH1 R}, {W ER1 L D}!"
    ),
    (
        "say \"{HH AY1}\" ok",
        "{S EY1} \"{HH AY1}\" {OW1 K EY1}"
    ),
    (
        "Dogs' tails and James's hat.",
        "{D AA1 G Z} {T EY1 L Z} {AH0 N D} {JH EY1 M Z IH0 Z} {HH AE1 T}."
    ),
    (
        "'Tis the season.",
        "{T IH1 Z} {DH AH0} {S IY1 Z AH0 N}."
    ),
    (
        "YouTube and iPhone",
        "{Y UW1 T Y UW2 B} {AH0 N D} {AY1 F OW2 N}"
    ),
    (
        "It costs $3.50.",
        "{IH1 T} {K AA1 S T S} {TH R IY1} {D AA1 L ER0 Z} {AH0 N D} {F IH1 F T IY0} {S EH1 N T S}."
    ),
    (
        "In 1984, on May 5th.",
        "{IH0 N} {N AY1 N T IY1 N} {EY1 T IY0} {F AO1 R}, {AA1 N} {M EY1} {F IH1 F TH}."
    ),
    (
        "well-known co-op",
        "{W EH1 L N OW1 N} {K OW1 AA2 P}"
    ),
    (
        "don't, I'll, we've, they're, he'd",
        "{D OW1 N T}, {AY1 L}, {W IY1 V}, {DH EH1 R}, {HH IY1 D}"
    ),
    (
        "hmm, XKCD",
        "{HH M}, {EH1 K S} {K EY1} {S IY1} {D IY1}"
    ),
    (
        "The Polish people polish silver.",
        "{DH AH0} {P OW1 L IH0 SH} {P IY1 P AH0 L} {P AA1 L IH0 SH} {S IH1 L V ER0}."
    ),
    (
        "I excuse your excuse.",
        "{AY1} {IH0 K S K Y UW1 Z} {Y AO1 R} {IH0 K S K Y UW1 S}."
    ),
    (
        "We house people in a house.",
        "{W IY1} {HH AW1 Z} {P IY1 P AH0 L} {IH0 N} {AH0} {HH AW1 S}."
    ),
    (
        "I estimate that the estimate is wrong.",
        "{AY1} {EH1 S T AH0 M EY2 T} {DH AE1 T} {DH IY0} {EH1 S T AH0 M AH0 T} {IH1 Z} {R AO1 NG}."
    ),
    (
        "She will conduct herself with good conduct.",
        "{SH IY1} {W IH1 L} {K AH0 N D AH1 K T} {HH ER0 S EH1 L F} {W IH1 DH} {G UH1 D} {K AA1 N D AH0 K T}."
    ),
    (
        "We close at five.",
        "{W IY1} {K L OW1 Z} {AE1 T} {F AY1 V}."
    ),
    (
        "The close of the day was near.",
        "{DH AH0} {K L OW1 Z} {AH1 V} {DH AH0} {D EY1} {W AH1 Z} {N IH1 R}."
    ),
    (
        "He used to walk; a tool used to cut.",
        "{HH IY1} {Y UW1 S T} {T AH0} {W AO1 K}; {AH0} {T UW1 L} {Y UW1 Z D} {T AH0} {K AH1 T}."
    ),
    (
        "My father used to sing.",
        "{M AY1} {F AA1 DH ER0} {Y UW1 S T} {T AH0} {S IH1 NG}."
    ),
    (
        "They maintained close relations.",
        "{DH EY1} {M EY0 N T EY1 N D} {K L OW1 S} {R IY0 L EY1 SH AH0 N Z}."
    ),
    (
        "Prices increase when there's an increase in demand.",
        "{P R AY1 S AH0 Z} {IH2 N K R IY1 S} {W EH1 N} {DH EH1 R Z} {AE1 N} {IH1 N K R IY2 S} {IH0 N} {D IH0 M AE1 N D}."
    ),
    (
        "Let's wind down and relax.",
        "{L EH1 T S} {W AY1 N D} {D AW1 N} {AH0 N D} {R IH0 L AE1 K S}."
    ),
    (
        "Elaborate a plan; it is an elaborate plan.",
        "{IH0 L AE1 B ER0 EY2 T} {AH0} {P L AE1 N}; {IH1 T} {IH1 Z} {AE1 N} {IH0 L AE1 B R AH0 T} {P L AE1 N}."
    ),
    (
        "Southern Tunisia is mostly desert.",
        "{S AH1 DH ER0 N} {T UW2 N IY1 ZH AH0} {IH1 Z} {M OW1 S T L IY0} {D EH1 Z ER0 T}."
    ),
    (
        "The cost never decreases.",
        "{DH AH0} {K AA1 S T} {N EH1 V ER0} {D IH0 K R IY1 S IH0 Z}."
    ),
    (
        "They have exclusive use of it.",
        "{DH EY1} {HH AE1 V} {IH0 K S K L UW1 S IH0 V} {Y UW1 S} {AH1 V} {IH1 T}."
    ),
    (
        "On Monday and Wednesday",
        "{AA1 N} {M AH1 N D EY2} {AH0 N D} {W EH1 N Z D EY2}"
    ),
]
