"""What made-up people are called, where they live and what they do: German, Spanish and English."""

FIRST_NAMES = {
    "de": {
        "Female": (
            "Anna Käthe Jördis Björk Lena Ida Mia Grete Sörine Frauke Zoë Theresa Hanna Annegret "
            "Süheyla Renée Ursula Ute Birgit Gülsen"
        ),
        "Male": (
            "Jürgen Jörg Götz Björn Lukas Finn Matthäus Uwe Karl-Heinz Sören Kaan Özgür Felix Noël "
            "Till Günther Emil Rüdiger Malte André"
        ),
    },
    "es": {
        "Female": (
            "María Lucía Inés Begoña Sofía Ana Belén Rocío Ángela Carmen Noelia Íngrid Pilar Mónica "
            "Laia Núria Aitana Estefanía Itziar Verónica"
        ),
        "Male": (
            "José Ángel Íñigo Raúl Joaquín Martín Óscar Iñaki Jesús Andrés Álvaro Hugo Pablo Germán "
            "Adrián Sergi Rubén Unai Javier Héctor"
        ),
    },
    "en": {
        "Female": (
            "Emily Siân Chloë Grace Aoife Olivia Niamh Zara Charlotte Bronwyn Priya Hazel Ruby "
            "Imogen Beth Amara Fiona Joan Eilidh Tess"
        ),
        "Male": (
            "Oliver Seán Rhys Harry George Ciarán Callum Arjun Jack Euan Théo Lewis Idris Owen Dylan "
            "Noah Tadhg Miles Kwame Alfie"
        ),
    },
}

LAST_NAMES = {
    "de": (
        "Müller Schäfer Groß Köhler Weiß Krüger Jäger Böhm Lößner Fuchs Sander Brandt Yıldız Vogel "
        "Şahin Bräuer Öztürk Lüdemann Hübner Strauß Neumann Möller Kühn Roth Döring"
    ),
    "es": (
        "García Núñez Muñoz Ibáñez Martínez Peña Gómez López Sánchez Yáñez Ordóñez Vázquez Castaño "
        "Güell Ruiz Jiménez Serra Domínguez Etxeberria Puig Zúñiga Marín Bermúdez Ríos Acuña"
    ),
    "en": (
        "Smith O'Brien Jones Ó'Súilleabháin MacDonald Taylor Brontë Evans Khan Walker Fitzgerald "
        "Hughes Patel Price Okafor Wright Lloyd Byrne Campbell Ward Singh Hall Lewis Murray Quinn"
    ),
}

DOUBLE_NAMES = {"de": "von der {}", "es": "{} de la Cruz", "en": "{}-Hart"}
"""How a family name of several words looks; the braces take one of `LAST_NAMES`."""

STREETS = {
    "DE": ("Urbanstraße Köpenicker-Straße Schönhauser-Allee Lindenstraße Kottbusser-Damm Grünberger-Straße"),
    "ES": "Calle-de-Alcalá Gran-Vía Calle-Núñez-de-Balboa Paseo-del-Prado Calle-Ibiza Calle-Peñuelas",
    "GB": "Park-Street Mill-Lane Church-Road Victoria-Road Station-Road Kings-Avenue",
}

PHONE_PREFIXES = {"DE": ("+49 30", "+49 151"), "ES": ("+34 91", "+34 666"), "GB": ("+44 20", "+44 7700")}
"""Land line and mobile prefixes of a country."""

BANKS = {"DE": "Spreebank", "ES": "Banco del Río", "GB": "Thames & Co Bank"}

JOB_TITLES = {
    "Management": ("Chief Executive Officer", "Chief of Staff", "Executive Assistant"),
    "Engineering": (
        "Software Engineer",
        "Senior Software Engineer",
        "Site Reliability Engineer",
        "Werkstudent IT",
    ),
    "Product": ("Product Manager", "Product Designer", "User Researcher"),
    "Sales": (
        "Account Executive",
        "Sales Development Representative",
        "Vertriebsleiter",
        "Técnico de Ventas",
    ),
    "Marketing": ("Content Manager", "Performance Marketing Manager", "Diseñadora Gráfica"),
    "Customer Success": ("Support Specialist", "Customer Success Manager", "Kundenbetreuer"),
    "Finance": ("Accountant", "Controller", "Buchhalterin"),
    "People": ("HR Business Partner", "Recruiter", "Office Manager"),
    "Logistics": ("Lagerist", "Staplerfahrer", "Mozo de Almacén", "Van Driver"),
}

HEAD_TITLE = "Head of {}"
