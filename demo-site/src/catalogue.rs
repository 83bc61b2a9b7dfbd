//! What the shop sells. Prices are in euro cents and include VAT.

use serde::Serialize;

/// Where a lamp stands or hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Table,
    Floor,
    Ceiling,
    Wall,
}

impl Kind {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "table" => Some(Self::Table),
            "floor" => Some(Self::Floor),
            "ceiling" => Some(Self::Ceiling),
            "wall" => Some(Self::Wall),
            _ => None,
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Table => "Table lamp",
            Self::Floor => "Floor lamp",
            Self::Ceiling => "Ceiling lamp",
            Self::Wall => "Wall lamp",
        }
    }
}

/// One lamp. What the list shows is serialised; the rest is the product page's.
#[derive(Debug, Serialize)]
pub(crate) struct Product {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) tagline: &'static str,
    pub(crate) kind: Kind,
    pub(crate) price_cents: u32,
    #[serde(skip)]
    pub(crate) description: &'static str,
    #[serde(skip)]
    pub(crate) in_stock: u32,
    #[serde(skip)]
    pub(crate) details: [(&'static str, &'static str); 4],
}

impl Product {
    /// The lamp with this id, if the shop has it.
    pub(crate) fn find(id: &str) -> Option<&'static Self> {
        PRODUCTS.iter().find(|product| product.id == id)
    }

    /// `€89`, or `€89.50` where there are cents.
    pub(crate) fn price(&self) -> String {
        match (self.price_cents / 100, self.price_cents % 100) {
            (euros, 0) => format!("€{euros}"),
            (euros, cents) => format!("€{euros}.{cents:02}"),
        }
    }
}

/// Four lamps to show beside the one with this id: those that follow it in the catalogue.
pub(crate) fn beside(id: Option<&str>) -> impl Iterator<Item = &'static Product> {
    let start = id
        .and_then(|id| PRODUCTS.iter().position(|product| product.id == id))
        .map_or(0, |position| position + 1);
    PRODUCTS.iter().cycle().skip(start).take(4)
}

pub(crate) const PRODUCTS: &[Product] = &[
    Product {
        id: "porcini",
        name: "Porcini",
        tagline: "Opal glass on a turned ash foot",
        kind: Kind::Table,
        price_cents: 8_900,
        description: "A mushroom for the sideboard. The blown cap spreads its light over the table and not into your \
                      eyes; a touch on the foot dims it in three steps, the last of which is just enough to find your \
                      slippers.",
        in_stock: 14,
        details: [
            ("Size", "31 cm high, 26 cm wide"),
            ("Material", "Opal glass, oiled ash"),
            ("Light", "6 W LED, 2700 K, dimmable"),
            ("Cable", "2 m, woven, rust"),
        ],
    },
    Product {
        id: "perigee",
        name: "Perigee",
        tagline: "A full moon, every evening",
        kind: Kind::Ceiling,
        price_cents: 12_900,
        description: "One sphere of frosted glass, hung low over the table where people talk longest. The brass cap \
                      hides a height adjuster, so the moon can rise when the candles come out.",
        in_stock: 6,
        details: [
            ("Size", "30 cm across, drop 60 to 160 cm"),
            ("Material", "Frosted glass, brushed brass"),
            ("Light", "9 W LED, 2700 K, dimmable"),
            ("Ceiling", "Hook and cover included"),
        ],
    },
    Product {
        id: "heron",
        name: "Heron",
        tagline: "Stands behind the chair and leans in",
        kind: Kind::Floor,
        price_cents: 24_900,
        description: "A reading lamp with a long neck and a heavy foot. Put it behind an armchair: the shade comes over \
                      your shoulder and stops exactly where the book begins.",
        in_stock: 3,
        details: [
            ("Size", "188 cm high, reach 110 cm"),
            ("Material", "Powder-coated steel, concrete foot"),
            ("Light", "11 W LED, 3000 K, foot dimmer"),
            ("Weight", "13 kg, so it stays where it is"),
        ],
    },
    Product {
        id: "clerk",
        name: "Clerk",
        tagline: "For homework, ledgers and love letters",
        kind: Kind::Table,
        price_cents: 11_500,
        description: "Two joints, one spring, no screws to tighten ever again. The narrow head throws a clean cone of \
                      light onto the page and leaves the rest of the room to the evening.",
        in_stock: 21,
        details: [
            ("Size", "52 cm high, reach 64 cm"),
            ("Material", "Aluminium, steel"),
            ("Light", "7 W LED, 3000 K, CRI 95"),
            ("Switch", "On the head, by touch"),
        ],
    },
    Product {
        id: "lampion",
        name: "Lampion",
        tagline: "Rice paper on bamboo, folded flat",
        kind: Kind::Ceiling,
        price_cents: 4_900,
        description: "It arrives as thin as a magazine and opens into half a metre of the softest light we sell. The \
                      paper is treated against yellowing; the ribs are split by hand, so no two are quite alike.",
        in_stock: 38,
        details: [
            ("Size", "50 cm across, 45 cm high"),
            ("Material", "Rice paper, bamboo"),
            ("Light", "For any E27 bulb up to 12 W"),
            ("Cable", "Sold with 1.5 m, black"),
        ],
    },
    Product {
        id: "menhir",
        name: "Menhir",
        tagline: "Two standing stones, lit from within",
        kind: Kind::Floor,
        price_cents: 18_900,
        description: "A pair of columns that glow from top to bottom. They like corners, hallways and the far end of a \
                      bath. One switch lights both; the small one remembers how bright you left it.",
        in_stock: 5,
        details: [
            ("Size", "92 and 54 cm high, 18 cm across"),
            ("Material", "Recycled acrylic, slate foot"),
            ("Light", "2 × 8 W LED, 2200 to 3000 K"),
            ("Rooms", "IP44, also for the bathroom"),
        ],
    },
    Product {
        id: "vesper",
        name: "Vesper",
        tagline: "A bowl that pours light upwards",
        kind: Kind::Wall,
        price_cents: 7_900,
        description: "Plaster, left matt, with nothing to see but the light above it. Hang it at eye height and the \
                      ceiling becomes the lamp. You may paint it in the colour of your wall.",
        in_stock: 11,
        details: [
            ("Size", "34 cm wide, 17 cm high"),
            ("Material", "Gypsum plaster, paintable"),
            ("Light", "8 W LED, 2700 K, dimmable"),
            ("Wall", "Two screws, template included"),
        ],
    },
    Product {
        id: "taper",
        name: "Taper",
        tagline: "Three candlesticks that get along",
        kind: Kind::Table,
        price_cents: 3_850,
        description: "Cast in three heights and three colours, for the nights when the best lamp is no lamp. They come \
                      with a dozen candles that burn for seven hours and drip, as they should, a little.",
        in_stock: 27,
        details: [
            ("Size", "18, 24 and 30 cm high"),
            ("Material", "Cast aluminium, lacquered"),
            ("Light", "Candles of 2.2 cm, 12 included"),
            ("Care", "Warm water takes the wax off"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_show_cents_only_where_there_are_some() {
        assert_eq!(Product::find("porcini").unwrap().price(), "€89");
        assert_eq!(Product::find("taper").unwrap().price(), "€38.50");
    }

    #[test]
    fn a_lamp_is_never_recommended_beside_itself() {
        for product in PRODUCTS {
            let ids: Vec<_> = beside(Some(product.id)).map(|other| other.id).collect();
            assert_eq!(ids.len(), 4);
            assert!(!ids.contains(&product.id));
        }
    }
}
