//! What the magazine prints: the single-page part fetches it as JSON.

use serde::Serialize;

/// One story. `picture` names a file under `/images`.
#[derive(Debug, Serialize)]
pub(crate) struct Story {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) standfirst: &'static str,
    pub(crate) picture: &'static str,
    pub(crate) minutes: u32,
    #[serde(skip)]
    pub(crate) paragraphs: &'static [&'static str],
}

impl Story {
    /// The story with this id, if it was printed.
    pub(crate) fn find(id: &str) -> Option<&'static Self> {
        STORIES.iter().find(|story| story.id == id)
    }
}

pub(crate) const STORIES: &[Story] = &[
    Story {
        id: "five-small-lamps",
        title: "Five small lamps beat one big one",
        standfirst: "Why the light in the middle of the ceiling is the last one to switch on.",
        picture: "menhir.svg",
        minutes: 3,
        paragraphs: &[
            "A single lamp in the middle of the ceiling lights everything equally, and so it lights nothing in \
             particular. Faces go flat, corners disappear, and the room feels like a waiting room with nicer chairs.",
            "Count to five instead. One light to read by, one to eat by, one that shows the wall behind the sofa, one \
             for the plant that deserves it, and one so low that you would only notice if it were off.",
            "None of them needs to be bright. Three hundred lumens each will do, and together they use less power than \
             the one they replace. What you gain is depth: your eye walks from pool to pool, and the dark in between \
             is what makes a room look large.",
        ],
    },
    Story {
        id: "the-colour-of-nine",
        title: "The colour of nine o’clock",
        standfirst: "Kelvin, explained with candles, a cup of tea and an overcast sky.",
        picture: "taper.svg",
        minutes: 4,
        paragraphs: &[
            "A candle burns at about 1,900 kelvin, a cloudy noon at 6,500. Everything that we call cosy happens near the \
             candle's end of that scale, and everything that we call an office near the other.",
            "Lamps for the evening live between 2,200 and 3,000. The lower figure is tea with honey; the upper one is \
             the same tea with milk. Mixing them in one room works as long as the warmer light hangs lower.",
            "If you can dim, choose a lamp that grows warmer on the way down. Ours do. It is the oldest trick of the \
             sun, and it has never failed to make people stay for another half hour.",
        ],
    },
    Story {
        id: "a-chair-and-a-heron",
        title: "A chair, a heron, a book",
        standfirst: "How to build the best two square metres of a flat.",
        picture: "heron.svg",
        minutes: 2,
        paragraphs: &[
            "Start with the chair, for it is the hardest to move. Put its back to the darkest wall and its side to a \
             window, so that the day can have it first.",
            "The lamp goes behind the shoulder of the hand that turns the pages. The lower edge of the shade belongs at \
             the height of your eyes: higher and it glares, lower and it only lights your knees.",
            "Leave the book open on the seat. Nobody has ever gone to bed early in a flat with such a corner, but \
             everybody who has one sleeps better.",
        ],
    },
];
