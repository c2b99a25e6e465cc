"""Word lists that tell a noun from what surrounds it, and a figure from part of a name."""


def listed(prose: str) -> tuple[str, ...]:
    """The words of a list written as prose."""
    return tuple(prose.split())


# A noun phrase after a number ends before these. Verbs in -ed can't be told from adjectives.
STOP_WORDS = frozenset(
    listed("""
    a about above according across after against ago all alone along already also although among an
    and any are around as at away back be because been before behind being below between both but
    by can could despite did do does down due during each either else enough even ever every except
    for from had has have having he her here hers him his how however i if in including inside
    instead into is it its itself just last least less like many may me might mine most much must my
    near never next no nor not now of off on once one only onto or others our out outside over per
    perhaps rather said say says she should since so some still than that the their them themselves
    then there these they this those though through throughout thus till to together too toward
    towards under unless until up upon us versus via was we were what when where whether which while
    who whom whose why will with within without would yesterday yet you your today tomorrow tonight
    overnight ahead altogether apiece besides came comes died fell fled found gave gets go goes got
    held hit kept knew led left live lost made met paid put ran rose saw sent stood told took voted
    want went won wrote killed given taken
    """)
)
# They tell which ones, not what: "three further counts" are counts.
MODIFIERS = frozenset(
    listed("""
    more further additional other another extra new different separate own such first last
    consecutive successive
    """)
)
PLURALS = frozenset(
    listed("""
    people men women children police policemen policewomen servicemen gunmen firemen fishermen
    businessmen congressmen schoolchildren grandchildren troops dead wounded injured missing staff
    personnel cattle sheep fish aircraft hovercraft spacecraft feet teeth mice deer salmon crew
    """)
)
# What "one" counts, where it is no pronoun.
SINGULARS = frozenset(
    listed("""
    person man woman child boy girl soldier officer policeman policewoman civilian patient victim
    suspect official worker protester militant fighter gunman student pupil resident prisoner
    hostage passenger driver pilot journalist doctor nurse migrant refugee voter juror death
    casualty injury case arrest vote seat goal point count charge attack strike blast mile metre
    meter kilometre kilometer tonne ton degree share member home house
    """)
)
# Words whose number is a name or an age: "page 1", "Flight 370", "Boeing 737", "aged 12".
NAMED = frozenset(
    listed("""
    page pages chapter chapters article articles section sections clause paragraph pier gate
    platform flight route highway interstate motorway channel brigade battalion regiment squadron
    phase episode volume exhibit number numbers no nos terminal junction version windows apollo
    resolution formula boeing airbus iphone ftse dax cac nikkei top suite apartment room ward cell
    aged age published updated
    """)
)
# The same, but with a capital only: "Day 5" is a name, "each day 5 people" is not.
TITLED = frozenset(
    listed("""
    Day Week Year Game Round Part Unit Type Model Mark Level Tier Stage Grade Class Group Area Zone
    Sector District Block Building Rule Title Proposition Euro Vision Agenda Act Schedule Figure
    Table
    """)
)
