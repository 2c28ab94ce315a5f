"""Sentences from templates of our own: everyday words, names, numbers, times, prices and dates."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

#: Fillers by name; alternatives are separated by bars.
WORDS: dict[str, list[str]] = {name: text.replace("\n", " ").split("|") for name, text in {
    "first": ("James|Mary|John|Linda|Robert|Susan|Michael|Karen|David|Lisa|Peter|Nancy|Thomas|Betty|"
        "Daniel|Sarah|Paul|Laura|Mark|Emma|George|Anna|Kevin|Julia|Brian|Alice|Steven|Grace|"
        "Eric|Ruth|Jack|Helen|Frank|Rose|Henry|Maria|Walter|Sophie|Oliver|Charlotte|Lucas|"
        "Amelia|Ethan|Mia|Noah|Olivia|Liam|Hannah|Samuel|Clara|Victor|Diana|Carlos|Yuki|Ahmed|"
        "Priya|Chen|Ivan|Fatima|Pedro|Ingrid"),
    "last": ("Smith|Johnson|Williams|Brown|Jones|Miller|Davis|Wilson|Anderson|Taylor|Moore|Jackson|"
        "White|Harris|Martin|Thompson|Young|King|Wright|Scott|Green|Baker|Adams|Nelson|Carter|"
        "Mitchell|Turner|Phillips|Campbell|Parker|Evans|Edwards|Collins|Stewart|Morris|Rogers|"
        "Cook|Morgan|Bell|Murphy|Cooper|Richardson|Howard|Ward|Peterson|Gray|Watson|Brooks|Kelly|"
        "Sanders|Price|Bennett|Wood|Ross|Henderson|Coleman|Jenkins|Perry|Powell|Hughes"),
    "city": ("London|Paris|Berlin|Tokyo|Rome|Madrid|Chicago|Boston|Seattle|Dallas|Denver|Miami|"
        "Toronto|Sydney|Dublin|Vienna|Prague|Oslo|Cairo|Delhi|Beijing|Moscow|Lisbon|Athens|"
        "Houston|Portland|Atlanta|Phoenix|Montreal|Edinburgh|Manchester|Amsterdam|Brussels|"
        "Stockholm|Helsinki|Warsaw|Budapest|Istanbul|Singapore|Bangkok"),
    "day": ("Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"),
    "month": ("January|February|March|April|May|June|July|August|September|October|November|December"),
    "food": ("bread|cheese|soup|rice|pasta|salad|chicken|fish|apples|oranges|bananas|strawberries|"
        "coffee|tea|orange juice|milk|chocolate cake|pancakes|eggs|potatoes|tomatoes|carrots|"
        "onions|mushrooms|sandwiches|pizza|noodles|yogurt|butter|honey|cookies|ice cream|grapes|"
        "peaches|cereal|beef stew|vegetable curry"),
    "thing": ("book|chair|table|lamp|phone|computer|camera|bicycle|car|umbrella|jacket|pair of shoes|"
        "watch|guitar|piano|painting|letter|package|ticket|key|wallet|bag|box|bottle|mirror|"
        "blanket|pillow|knife|spoon|basket|clock|radio|printer|keyboard|map|newspaper|magazine|"
        "notebook|pencil|garden hose|ladder|hammer|window|door|carpet|vase|candle|toy|ring|"
        "necklace|hat|scarf|sweater"),
    "adjective": ("old|new|small|large|beautiful|broken|heavy|light|red|blue|green|yellow|black|white|"
        "purple|expensive|cheap|strange|wonderful|terrible|wooden|golden|silver|tiny|huge|soft|"
        "hard|quiet|noisy|clean|dirty|dusty|shiny|warm|cold|famous|ordinary|unusual|brown|gray|"
        "fresh|pleasant|narrow|wide|round|square|smooth|rough|bright|dark"),
    "place": ("kitchen|garden|office|school|library|museum|airport|train station|hospital|market|park|"
        "beach|forest|village|restaurant|hotel|theater|church|bank|post office|bedroom|garage|"
        "basement|balcony|bridge|harbor|river|mountain|island|castle|university|factory|bakery|"
        "bookstore|stadium|playground|farm|valley|desert|lake"),
    "weather": ("sunny|cloudy|rainy|windy|foggy|snowy|stormy|hot and humid|cold and dry|pleasant|freezing|"
        "mild"),
    "did": ("bought|sold|found|lost|cleaned|painted|repaired|borrowed|returned|carried|dropped|opened|"
        "closed|moved|hid|noticed|photographed|measured|ordered|wrapped|forgot|recognized|"
        "described|examined|admired|chose"),
    "action": ("walk the dog|read a good book|write a long letter|play the piano|learn French|fix the roof|"
        "wash the dishes|call my mother|visit the doctor|watch a movie|paint the fence|bake some bread|"
        "plant some flowers|go swimming|take a nap|finish the report|pay the bills|clean the house|"
        "catch the early train|answer the question|practice every day|ride a horse|climb the hill|"
        "travel around the world|study for the exam|listen to music|cook dinner|feed the cat|"
        "change the subject|save some money|drive to work|solve the problem|make a decision|"
        "ask for help|meet new people|find a better job"),
    "animal": ("dog|cat|horse|cow|sheep|goat|rabbit|fox|wolf|bear|lion|tiger|elephant|giraffe|monkey|"
        "mouse|squirrel|owl|eagle|parrot|duck|goose|chicken|frog|turtle|snake|whale|dolphin|"
        "shark|butterfly|bee|spider"),
    "adverb": ("quickly|slowly|quietly|carefully|suddenly|happily|sadly|angrily|gently|loudly|easily|"
        "finally|usually|probably|certainly|immediately|patiently|politely|secretly|eagerly"),
    "job": ("doctor|teacher|engineer|lawyer|nurse|farmer|pilot|chef|artist|musician|writer|scientist|"
        "carpenter|plumber|electrician|dentist|actor|journalist|soldier|judge|librarian|mechanic|"
        "photographer|manager|waiter"),
    "relative": ("mother|father|brother|sister|uncle|aunt|cousin|neighbor|friend|boss|grandmother|"
        "grandfather|son|daughter|colleague|teacher"),
}.items()}

#: {name} is a filler, {an:name} one with its article, {2-9} a number, {a|b} a choice.
TEMPLATES = (
    "{first} {did} the {adjective} {thing} in the {place}.",
    "My {relative} {did} {an:adjective} {thing} last {day}.",
    "The {adjective} {thing} is next to the {adjective} {thing}.",
    "I would like some {food} and {food}, please.",
    "The meeting starts at {time} on {day}.",
    "We arrived in {city} at {time}, and the weather was {weather}.",
    "There are {number} people in the {place}.",
    "{first} {last} was born in {city} on {month} {1-28}, {1900-2015}.",
    "It will be {weather} in {city} on {day}.",
    "Do you want to {action} with {first}?",
    "{I|You|We|They|He|She} should {action} before you {action}.",
    "Please {action}, and then {action}.",
    "The {animal} ran {adverb} across the {place}.",
    "Have you ever seen {an:animal} near the {place}?",
    "{first} is {an:job}, but {first} is {an:job}.",
    "The price of the {thing} is ${number}.",
    "The {thing} costs {number} dollars and {2-99} cents.",
    "How many {animal}s can you see in this picture?",
    "Where did you put the {adjective} {thing}, {first}?",
    "My phone number is {2-9} {0-9} {0-9}, {0-9} {0-9} {0-9}, {0-9} {0-9} {0-9} {0-9}.",
    "The train to {city} leaves from platform {1-20} at {time}.",
    "{first} said {adverb} that the {place} was too {adjective}.",
    "If it is {weather} tomorrow, we will {action}.",
    "Her {relative} works as {an:job} in {city}.",
    "Good {morning|afternoon|evening}, {Mister|Mrs.|Doctor|Professor|Miss} {last}.",
    "Thank you very much for the {adjective} {thing}.",
    "I can't {action} because I have to {action}.",
    "Why don't we {action} this {morning|afternoon|evening|weekend}?",
    "The {job} looked {adverb} at the {adjective} {animal}.",
    "On {day}, {month} {1-31}, the {place} will be closed.",
    "{Every|Each} {morning|night|summer|winter|spring}, the {animal} comes to the {place}.",
    "What a {adjective} {thing}!",
    "She paid {number} euros for {an:adjective} {thing}.",
    "He has {2-9} {adjective} {animal}s and {2-30} {adjective} {animal}s.",
    "About {2-99} percent of the {job}s live in {city}.",
    "Turn {left|right} at the {place}, then go straight for {2-900} {meters|miles|feet|yards}.",
    "The {place} is {adverb} {closed|open|full|empty} on {day}s.",
    "{first}, {first} and {first} went to the {place} to {action}.",
    "Nobody knows why the {adjective} {animal} lives in the {place}.",
    "Hello, my name is {first} {last}, and I live in {city}.",
    "Hello, {first}, how are you today?",
    "I {will|should|must} {action} {today|tomorrow|tonight|on {day}}.",
    "{first}'s {relative} is {an:job}.",
    "The {animal} is {adjective}.",
    "It is {adjective} and {adjective}.",
    "Is the {thing} {adjective}?",
    "Yes, I can {action}.",
    "No, {first} did not {action}.",
    "Where is the {place}?",
    "This is my {relative}, {first}.",
    "When will you {action}?",
    "Let's {action}!",
    "I saw {an:animal} in the {place}.",
    "We need {2-20} {animal}s.",
    "The {thing} was {adverb} {did}.",
    "Who {did} the {thing}?",
    "Please bring me the {adjective} {thing}.",
    "{first} likes {food} and {food}.",
    "It costs {2-99} dollars.",
    "See you on {day}.",
)

SLOT = re.compile(r"\{([^{}]*)\}")


def number(r: random.Random) -> str:
    """Small numbers most often, then larger ones and years."""
    k = r.random()
    if k < 0.35:
        return str(r.randint(2, 20))
    if k < 0.6:
        return str(r.randint(21, 99))
    if k < 0.8:
        return str(r.randint(100, 999))
    if k < 0.92:
        return f"{r.randint(1, 99)},{r.randint(0, 999):03d}"
    return str(r.randint(1900, 2030))


def time(r: random.Random) -> str:
    return r.choice([f"{r.randint(1, 12)}:{r.choice(['15', '30', '45', '05', '20', '50'])}", f"{r.randint(1, 12)} o'clock",
                     f"half past {r.choice('one two three four five six seven eight nine ten'.split())}", "noon", "midnight"])


MAKERS: dict[str, Callable[[random.Random], str]] = {"number": number, "time": time}


def fill(slot: str, r: random.Random) -> str:
    """What goes into one slot."""
    if slot in MAKERS:
        return MAKERS[slot](r)
    if slot.startswith("an:"):
        word = fill(slot[3:], r)
        return ("an " if word[0] in "aeiou" else "a ") + word
    if slot in WORDS:
        return r.choice(WORDS[slot])
    if m := re.fullmatch(r"(\d+)-(\d+)", slot):
        return str(r.randint(int(m[1]), int(m[2])))
    return r.choice(slot.split("|"))


def sentence(r: random.Random) -> str:
    s = r.choice(TEMPLATES)
    while SLOT.search(s):
        s = SLOT.sub(lambda m: fill(m[1], r), s, count=1)
    return s


def sentences(count: int, r: random.Random) -> list[str]:
    """So many different sentences."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[sentence(r)] = None
    return list(found)
