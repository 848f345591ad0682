"""Sentences in five languages of which the benchmark’s hosts make their texts. Nothing in them is true.

No quotation marks, dots in a row or double hyphens: every program sets those in a way of its own.
"""

from typing import Final

TITLES: Final = {
    "en": (
        "Arrival|The door|Wi-Fi|Heating|Kitchen|Breakfast|"
        "Parking|Rubbish|Departure|The loft|The garden room|The tower"
    ),
    "de": (
        "Ankunft|Die Tür|WLAN|Heizung|Küche|Frühstück|Parken|Müll|Abreise|Das Loft|Das Gartenzimmer|Der Turm"
    ),
    "fr": (
        "Arrivée|La porte|Wifi|Chauffage|Cuisine|Petit déjeuner|"
        "Stationnement|Déchets|Départ|Le grenier|Le jardin|La tour"
    ),
    "es": (
        "Llegada|La puerta|Wifi|Calefacción|Cocina|Desayuno|"
        "Aparcamiento|Basura|Salida|El ático|El jardín|La torre"
    ),
    "it": (
        "Arrivo|La porta|Wi-Fi|Riscaldamento|Cucina|Colazione|"
        "Parcheggio|Rifiuti|Partenza|La soffitta|Il giardino|La torre"
    ),
}
SENTENCES: Final = {
    "en": (
        "The kettle stands beside the window and likes to be filled from the narrow tap.",
        "Turn the small wheel to the left until the arrow meets the star.",
        "If the lamp blinks twice, wait until it is dark and begin again, slowly.",
        "The blue bin goes to the lane on Tuesday evening, the green one every second Friday.",
        "Coffee is in the tin with the sailing boat, sugar in the one without.",
        "The bus to the town leaves from the chapel at ten past every hour.",
        "Bread comes at eight and is gone by nine, so be early or be content with toast.",
        "The stairs creak on the third step, which has never yet woken anybody.",
        "Please keep the gate shut, because the neighbour’s goat is curious.",
        "Towels hang in the warm cupboard on the landing, as many as you like.",
        "On windy nights the shutters are happier with both hooks closed.",
        "The water is good to drink and comes from the hill behind the house.",
        "Take the path along the wall, and mind the low branch after dusk.",
        "You find the spare key where the note in the hall says, and nowhere else.",
    ),
    "de": (
        "Der Wasserkocher steht neben dem Fenster und wird am schmalen Hahn gefüllt.",
        "Drehen Sie das kleine Rad nach links, bis der Pfeil auf den Stern zeigt.",
        "Blinkt die Lampe zweimal, warten Sie, bis sie dunkel ist, und beginnen Sie langsam von vorn.",
        "Die blaue Tonne kommt am Dienstagabend an den Weg, die grüne jeden zweiten Freitag.",
        "Kaffee ist in der Dose mit dem Segelboot, Zucker in der anderen.",
        "Der Bus in die Stadt fährt zehn Minuten nach jeder vollen Stunde an der Kapelle.",
        "Das Brot kommt um acht und ist um neun weg, also seien Sie früh oder mit Toast zufrieden.",
        "Die dritte Stufe knarrt und hat noch nie jemanden geweckt.",
        "Lassen Sie das Tor bitte zu, die Ziege der Nachbarn ist neugierig.",
        "Handtücher hängen im warmen Schrank auf dem Flur, so viele Sie mögen.",
        "In windigen Nächten sind die Läden mit beiden Haken ruhiger.",
        "Das Wasser kann man trinken, es kommt vom Hügel hinter dem Haus.",
        "Nehmen Sie den Weg an der Mauer und achten Sie abends auf den tiefen Ast.",
        "Der zweite Schlüssel ist dort, wo der Zettel im Flur es sagt, und sonst nirgends.",
    ),
    "fr": (
        "La bouilloire est près de la fenêtre et se remplit au petit robinet.",
        "Tournez la petite roue vers la gauche jusqu’à ce que la flèche touche l’étoile.",
        "Si la lampe clignote deux fois, attendez le noir et recommencez doucement.",
        "Le bac bleu sort mardi soir, le vert un vendredi sur deux.",
        "Le café est dans la boîte au voilier, le sucre dans celle qui n’en a pas.",
        "Le bus pour la ville part de la chapelle à dix minutes de chaque heure.",
        "Le pain arrive à huit heures et il n’y en a plus à neuf.",
        "La troisième marche grince et n’a encore réveillé personne.",
        "Gardez le portail fermé, car la chèvre des voisins est curieuse.",
        "Les serviettes sont dans l’armoire chaude du palier, autant que vous voulez.",
        "Les nuits de vent, les volets préfèrent leurs deux crochets.",
        "L’eau est bonne à boire et vient de la colline derrière la maison.",
        "Prenez le sentier le long du mur et gare à la branche basse le soir.",
        "La clé de secours est là où le dit le mot dans l’entrée, et nulle part ailleurs.",
    ),
    "es": (
        "El hervidor está junto a la ventana y se llena en el grifo estrecho.",
        "Gire la rueda pequeña a la izquierda hasta que la flecha toque la estrella.",
        "Si la lámpara parpadea dos veces, espere a que se apague y empiece despacio.",
        "El cubo azul sale el martes por la noche, el verde cada segundo viernes.",
        "El café está en la lata del velero y el azúcar en la otra.",
        "El autobús a la ciudad sale de la capilla a y diez de cada hora.",
        "El pan llega a las ocho y a las nueve ya no queda.",
        "El tercer escalón cruje y todavía no ha despertado a nadie.",
        "Deje la verja cerrada, porque la cabra de los vecinos es curiosa.",
        "Las toallas están en el armario caliente del rellano, todas las que quiera.",
        "En noches de viento las contraventanas prefieren los dos ganchos.",
        "El agua se puede beber y viene de la colina detrás de la casa.",
        "Tome el sendero junto al muro y cuidado con la rama baja al anochecer.",
        "La llave de reserva está donde dice la nota de la entrada y en ningún otro sitio.",
    ),
    "it": (
        "Il bollitore è accanto alla finestra e si riempie al rubinetto stretto.",
        "Giri la piccola ruota a sinistra finché la freccia tocca la stella.",
        "Se la lampada lampeggia due volte, aspetti che si spenga e ricominci piano.",
        "Il bidone blu esce il martedì sera, quello verde un venerdì sì e uno no.",
        "Il caffè è nella scatola con la barca a vela, lo zucchero nell’altra.",
        "L’autobus per la città parte dalla cappella dieci minuti dopo ogni ora.",
        "Il pane arriva alle otto e alle nove è finito.",
        "Il terzo gradino scricchiola e non ha ancora svegliato nessuno.",
        "Tenga chiuso il cancello, perché la capra dei vicini è curiosa.",
        "Gli asciugamani sono nell’armadio caldo sul pianerottolo, quanti ne vuole.",
        "Nelle notti di vento le persiane preferiscono entrambi i ganci.",
        "L’acqua è buona da bere e viene dalla collina dietro la casa.",
        "Prenda il sentiero lungo il muro e attenzione al ramo basso la sera.",
        "La chiave di riserva è dove dice il biglietto nell’ingresso e in nessun altro posto.",
    ),
}
EMERGENCY: Final = {
    "en": "All services",
    "de": "Alle Dienste",
    "fr": "Tous les secours",
    "es": "Todos los servicios",
    "it": "Tutti i soccorsi",
}
