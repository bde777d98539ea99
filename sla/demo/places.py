"""Where the demonstration company's market is: made-up people and companies of eight countries."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

# What NFKD leaves as it is.
_FOLDED = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "ß": "ss", "ı": "i"})

PHARMA, BIOTECH, FOOD = "Pharmaceuticals", "Biotechnology", "Food and beverage"
CHEMICALS, WATER = "Chemicals", "Water treatment"
TRANSPORT, UNIVERSITY = "Transport", "Higher education"


@dataclass(frozen=True, slots=True)
class Place:
    """A country: its telephone code, its people's names, its companies as (name, industry, employees).

    A surname with two forms is written ``his/hers``.
    """

    country: str
    language: str
    code: str
    cities: tuple[str, ...]
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    companies: tuple[tuple[str, str, int], ...]

    def people(self) -> list[tuple[str, str]]:
        """Every first and last name that go together."""
        his = [surname.split("/")[0] for surname in self.surnames]
        hers = [surname.split("/")[-1] for surname in self.surnames]
        return [(first, last) for first in self.women for last in hers] + [
            (first, last) for first in self.men for last in his
        ]


def domain(company: str) -> str:
    """A web address as a company of that name would have it, under the domain reserved for examples."""
    return "-".join([word for word in slug(company).split("-") if len(word) > 2][:3]) + ".example"


def slug(text: str) -> str:
    """The text as an address writes it: ``Żółkiewska`` → ``zolkiewska``."""
    plain = unicodedata.normalize("NFKD", text.translate(_FOLDED)).encode("ascii", "ignore").decode().lower()
    return "-".join("".join(char if char.isalnum() else " " for char in plain).split())


PLACES = (
    Place(
        "Spain", "es", "34",
        ("Valencia", "Zaragoza", "Vigo", "Barcelona"),
        ("Lucía", "Nuria", "Aitana", "Rocío", "María José"),
        ("Javier", "Íñigo", "Adrián", "Ramón", "Pau"),
        ("García Romero", "Etxeberria", "Vidal i Puig", "Muñoz", "Castaño", "de la Fuente Otero", "Ferrer", "Rivas"),
        (
            ("Laboratorios Almenara", PHARMA, 1_800),
            ("Bodegas Hermanos Cifuentes", FOOD, 240),
            ("Aguas de la Marina Baja", WATER, 420),
            ("Químicas del Ebro", CHEMICALS, 950),
            ("Conservas Rías de Arousa", FOOD, 610),
            ("BioLevante", BIOTECH, 85),
            ("Transportes Ferrándiz", TRANSPORT, 320),
            ("Universidad Politécnica del Maestrazgo", UNIVERSITY, 2_900),
            ("Farmacéutica Sarriá", PHARMA, 5_400),
            ("Aceites Sierra Mágina", FOOD, 130),
        ),
    ),
    Place(
        "Poland", "pl", "48",
        ("Poznań", "Gdańsk", "Wrocław", "Łódź"),
        ("Agnieszka", "Zofia", "Małgorzata", "Ewa", "Katarzyna"),
        ("Łukasz", "Wojciech", "Grzegorz", "Stanisław", "Michał"),
        (
            "Żółkiewski/Żółkiewska", "Dąbrowski/Dąbrowska", "Nowak", "Wójcik", "Szymański/Szymańska", "Sikora",
            "Brzęczyszczykiewicz", "Piątek",
        ),
        (
            ("Zakłady Farmaceutyczne Warta", PHARMA, 2_600),
            ("Wodociągi Pomorskie", WATER, 880),
            ("Chemia Bydgoska", CHEMICALS, 1_400),
            ("BioNova Łódź", BIOTECH, 60),
            ("Mleczarnia Kujawska", FOOD, 450),
            ("Browar Stary Młyn", FOOD, 210),
            ("Akademia Rolnicza w Toruniu", UNIVERSITY, 1_700),
            ("Spedycja Bałtyk", TRANSPORT, 300),
            ("Farmacja Wielkopolska", PHARMA, 700),
            ("Instytut Analiz Środowiskowych Czysta Woda", WATER, 140),
        ),
    ),
    Place(
        "Germany", "de", "49",
        ("Leipzig", "Göttingen", "Freiburg", "Dresden"),
        ("Anke", "Marlies", "Friederike", "Jana", "Ayşe"),
        ("Jürgen", "Sönke", "Matthias", "Torben", "Karl-Heinz"),
        ("Großmann", "Weiß", "von der Heide", "Müller", "Schröder-Lüdenscheid", "Yıldız", "Krüger", "Böhm"),
        (
            ("Saale Pharma GmbH", PHARMA, 1_150),
            ("Elbtal Chemie AG", CHEMICALS, 6_200),
            ("Brauerei Gebrüder Hollmann", FOOD, 190),
            ("Wasserverband Harzvorland", WATER, 340),
            ("Lindner & Söhne Lebensmittelanalytik GmbH & Co. KG", FOOD, 260),
            ("Genomwerk Göttingen", BIOTECH, 230),
            ("Hochschule Ammerland", UNIVERSITY, 800),
            ("Spedition Kröger", TRANSPORT, 410),
            ("Weserlack Farbenfabrik", CHEMICALS, 2_100),
            ("Molkerei Allgäuer Tor", FOOD, 380),
        ),
    ),
    Place(
        "Portugal", "pt", "351",
        ("Porto", "Braga", "Coimbra", "Aveiro"),
        ("Inês", "Leonor", "Graça", "Beatriz", "Matilde"),
        ("Tiago", "Gonçalo", "Vasco", "Rui", "Simão"),
        ("Magalhães", "Teixeira", "Brandão", "Nóbrega", "Sá Carneiro", "Assunção", "Queirós", "Faria"),
        (
            ("Laboratórios Vale do Ave", PHARMA, 520),
            ("Águas do Minho Litoral", WATER, 610),
            ("Vinhos Quinta da Pedreira", FOOD, 150),
            ("Química Fina de Aveiro", CHEMICALS, 430),
            ("BioTejo", BIOTECH, 95),
            ("Conserveira Santa Luzia", FOOD, 270),
            ("Transportes Irmãos Paiva", TRANSPORT, 220),
            ("Universidade da Beira Serra", UNIVERSITY, 1_900),
            ("Farmacêutica Lusitânia Norte", PHARMA, 1_300),
            ("Lacticínios Serra da Freita", FOOD, 310),
        ),
    ),
    Place(
        "United Kingdom", "en", "44",
        ("Leeds", "Norwich", "Cardiff", "Aberdeen"),
        ("Imogen", "Priya", "Siân", "Abimbola", "Ruth"),
        ("Callum", "Oluwaseun", "Gareth", "Hamza", "Alistair"),
        ("Ashworth", "Patel", "Adeyemi", "Featherstonehaugh", "Llewellyn-Jones", "Khan", "Buchanan", "Reid"),
        (
            ("Ashgrove Pharmaceuticals", PHARMA, 3_400),
            ("Calder Valley Water", WATER, 1_250),
            ("Northmoor Foods", FOOD, 780),
            ("Pennine Fine Chemicals", CHEMICALS, 290),
            ("Helix Quarter", BIOTECH, 70),
            ("Thornbury & Gale Brewing", FOOD, 230),
            ("University of the East Wolds", UNIVERSITY, 3_100),
            ("Kestrel Freight", TRANSPORT, 540),
            ("Fenland Crop Science", BIOTECH, 410),
            ("Northern Counties Analytical and Environmental Testing Services Partnership", WATER, 360),
        ),
    ),
    Place(
        "Brazil", "pt-br", "55",
        ("Campinas", "Curitiba", "Recife", "Ribeirão Preto"),
        ("Thaís", "Conceição", "Jéssica", "Raíssa", "Ana Cláudia"),
        ("João", "Raul", "Wellington", "Caetano", "Luís Otávio"),
        ("Gonçalves", "Araújo", "do Nascimento", "Figueiredo", "Takahashi", "Bittencourt", "Souza Leão", "Moura"),
        (
            ("Farma Bandeirantes", PHARMA, 2_200),
            ("Águas do Planalto", WATER, 1_600),
            ("Usina Santa Efigênia", CHEMICALS, 890),
            ("Café Serra Dourada", FOOD, 330),
            ("BioCerrado", BIOTECH, 120),
            ("Laticínios Vale Verde", FOOD, 470),
            ("Química Paranaense", CHEMICALS, 5_800),
            ("Universidade do Agreste Setentrional", UNIVERSITY, 2_400),
            ("Transportadora Irmãos Quadros", TRANSPORT, 260),
            ("Laboratório Santa Quitéria", PHARMA, 210),
        ),
    ),
    Place(
        "United States", "en", "1",
        ("Durham", "Madison", "Boise", "Fort Collins"),
        ("Madison", "Guadalupe", "Latoya", "Wei", "Shoshana"),
        ("Tyrone", "Hank", "Minh", "Diego", "Bartholomew"),
        ("Kowalczyk", "Washington", "Hernandez", "Chen", "O'Brien", "Nguyen", "Goldberg", "Svensson"),
        (
            ("Piedmont Biologics", BIOTECH, 640),
            ("Great Lakes Dairy Cooperative", FOOD, 1_900),
            ("Cascade Water Testing", WATER, 220),
            ("Blue Mesa Pharma", PHARMA, 4_100),
            ("Prairie State Chemical", CHEMICALS, 1_050),
            ("Ironwood Brewing Company", FOOD, 140),
            ("Sandhills University", UNIVERSITY, 2_700),
            ("Overland Freight Partners", TRANSPORT, 980),
            ("Red Cedar Nutrition", FOOD, 560),
            ("Longleaf Diagnostics", BIOTECH, 310),
        ),
    ),
    Place(
        "Sweden", "sv", "46",
        ("Umeå", "Uppsala", "Lund", "Gävle"),
        ("Åsa", "Ebba", "Märta", "Frida", "Zahra"),
        ("Björn", "Nils", "Göran", "Emil", "Håkan"),
        ("Sjöberg", "Öberg", "Lindqvist", "Hägg", "Åkerström", "af Klint", "Rosén", "Hosseini"),
        (
            ("Norrskog Bioteknik", BIOTECH, 280),
            ("Mälardalens Vatten", WATER, 730),
            ("Fyrklövern Mejeri", FOOD, 520),
            ("Kustlab Läkemedel", PHARMA, 1_450),
            ("Bergslagens Kemi", CHEMICALS, 360),
            ("Högskolan i Ådalen", UNIVERSITY, 650),
            ("Sörby Bryggeri", FOOD, 90),
            ("Frostvik Logistik", TRANSPORT, 200),
            ("Uppland Biologics", BIOTECH, 240),
            ("Havsbruk Väst", FOOD, 210),
        ),
    ),
)  # fmt: skip
