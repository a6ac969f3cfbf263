"""The words that invented clients, services and documents are made of."""

from decimal import Decimal
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A Mexican city with its state code and a postal code."""

    city: str
    state: str
    zip: str
    neighborhood: str


class Offer(NamedTuple):
    """A service: SAT product and unit keys, a usual price in pesos, its tax treatment."""

    description: str
    product_key: str
    unit_key: str
    unit_name: str
    price: str
    treatment: str


PLACES = (
    Place("Ciudad de México", "CDMX", "06600", "Juárez"),
    Place("Monterrey", "NL", "64000", "Centro"),
    Place("Guadalajara", "JAL", "44160", "Americana"),
    Place("Mérida", "YUC", "97000", "Santa Ana"),
    Place("Querétaro", "QRO", "76090", "Carretas"),
    Place("Tijuana", "BC", "22010", "Zona Río"),
    Place("León", "GTO", "37160", "Jardines del Moral"),
    Place("Cancún", "QROO", "77500", "Supermanzana 22"),
    Place("Hermosillo", "SON", "83000", "San Benito"),
)
FIRST_NAMES = (
    "Marisol", "Íñigo", "José Ángel", "Lucía", "Ramón", "Begoña", "Tomás", "Ximena", "Raúl",
    "Nicolás", "Sofía", "Verónica", "Héctor", "Ana María", "Joaquín", "Citlali",
)  # fmt: skip
LAST_NAMES = (
    "Muñoz", "Peña", "Ibáñez", "Tovar", "Núñez", "Cárdenas", "Ordóñez", "Villaseñor", "Ríos",
    "Güemes", "Sepúlveda", "Chávez", "Ávila", "Bermúdez", "Zúñiga", "Quiñones",
)  # fmt: skip
TRADES = (
    "Textiles", "Papelería", "Logística", "Diseño", "Ferretería", "Panadería", "Consultoría",
    "Café", "Software", "Clínica", "Construcción", "Viñedos", "Transportes", "Agrícola",
)  # fmt: skip
SUFFIXES = ("SA DE CV", "SAPI DE CV", "S DE RL DE CV", "SC")
STREETS = ("Padre Mier", "Av. Juárez", "Calle 60", "Insurgentes Sur", "5 de Mayo", "Niños Héroes")
OFFERS = (
    Offer("Soporte mensual", "81111811", "E48", "Unidad de servicio", "2350.50", "iva16"),
    Offer("Licencia anual de software", "43231513", "E48", "Unidad de servicio", "899.99", "iva16"),
    Offer("Hora de consultoría", "80101500", "HUR", "Hora", "1250.75", "iva16"),
    Offer("Diseño de página web", "82141502", "E48", "Unidad de servicio", "14999", "iva16"),
    Offer('Tornillo de 1/4" galvanizado', "31161500", "H87", "Pieza", "1.3475", "iva16"),
    Offer("Café de altura, 1 kg", "50201706", "KGM", "Kilogramo", "312.40", "iva0"),
    Offer("Libro: «Años de peña»", "55101500", "H87", "Pieza", "289", "exempt"),
    Offer("Servicio en franja fronteriza", "78101800", "E48", "Unidad de servicio", "640", "iva8"),
    Offer("Honorarios profesionales", "80121600", "ACT", "Actividad", "8400", "fees"),
    Offer(
        "Flete Monterrey - Mérida", "78101802", "E48", "Unidad de servicio", "5120.33", "freight"
    ),
    Offer("Taller de cocina 🌮", "86132000", "E48", "Unidad de servicio", "450", "iva16"),
    Offer("Donativo no oneroso", "84101600", "ACT", "Actividad", "1000", "none"),
    Offer("Mantenimiento de jardín", "70111700", "E48", "Unidad de servicio", "780.10", "iva16"),
    Offer("Hospedaje por noche", "90111500", "DAY", "Día", "1890", "iva16"),
)


def _tax(kind: str, rate: str, *, withheld: bool = False, factor: str = "Tasa") -> dict[str, Any]:
    return {
        "type": kind,
        "rate": Decimal(rate),
        "factor": factor,
        "withholding": withheld,
        "inclusive": False,
    }


TREATMENTS: dict[str, list[dict[str, Any]]] = {
    "iva16": [_tax("IVA", "0.16")],
    "iva8": [_tax("IVA", "0.08")],
    "iva0": [_tax("IVA", "0.00")],
    "exempt": [_tax("IVA", "0.00", factor="Exento")],
    "fees": [
        _tax("IVA", "0.16"),
        _tax("ISR", "0.10", withheld=True),
        _tax("IVA", "0.106667", withheld=True),
    ],
    "freight": [_tax("IVA", "0.16"), _tax("IVA", "0.04", withheld=True)],
    "none": [],
}
EXCHANGE_RATES = {
    "MXN": Decimal(1),
    "USD": Decimal("17.452134"),
    "EUR": Decimal("20.118845"),
    "JPY": Decimal("0.115302"),
}
