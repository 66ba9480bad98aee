package localtenant

import "strings"

// What generated people are called and where they live. The lists are short on purpose: any likeness to somebody is chance.

func firstNames() []string {
	return strings.Fields("Aaliyah Adam Aiko Alba Alexei Alice Amara Amir Ana Anders Andrea Anna Anton Arjun Astrid Aya Beatriz Ben Bianca Björn " +
		"Camille Carlos Chiara Chloe Clara Daniel Daria David Diego Dina Dmitri Ebba Edith Eleni Elias Emil Emma Enzo Erik Esra Eva Fatima Felix " +
		"Finn Flora Freya Gabriel Georgia Grace Greta Hanna Hassan Hugo Ida Ines Ingrid Irina Isaac Isabel Ivan Jakob Jana Jasmin Jin Jonas Jules " +
		"Julia Kai Karin Katya Kenji Kofi Lara Lars Laura Leila Leo Lina Linh Lucas Lucia Luka Magnus Maja Malik Marco Maria Marta Mateo Matilda " +
		"Max Mei Mia Mika Milan Mina Mira Nadia Naomi Nia Nils Nina Noah Nora Olga Olivia Omar Oscar Pablo Paula Petra Priya Rafael Rania Ravi " +
		"Rosa Ruben Sami Samuel Sara Selma Signe Simon Sofia Sonja Stefan Svea Tariq Teresa Thea Theo Tomas Tove Uma Valeria Vera Victor Yara Yuki Zoe")
}

func lastNames() []string {
	return strings.Fields("Abebe Acosta Adeyemi Ahmed Almeida Andersen Aoki Arslan Bakker Baranov Barros Bauer Becker Bello Berg Bergström Bianchi " +
		"Blanc Bondarenko Brandt Brown Carter Castro Chen Cohen Costa Dahl Dean Demir Diaz Dubois Duarte Edwards Eriksen Evans Farah Fernandes " +
		"Fischer Fontaine Forde Fox Gallo Garcia Gomez Gray Greco Green Gupta Haddad Hall Hansen Hayashi Holm Horvat Hughes Ibrahim Ito Ivanova " +
		"Jansen Jensen Johansson Kaya Keller Khan Kim Klein Kovacs Kowalski Kumar Laine Lam Larsen Laurent Lee Lehmann Lind Lopez Lund Mahmoud " +
		"Marin Marković Martin Mehta Meyer Mitchell Moreau Mori Müller Nakamura Navarro Nguyen Nielsen Novak Nowak Okafor Okoye Olsen O'Neill Ortiz " +
		"Osman Park Patel Petrov Pham Popescu Price Quinn Rahman Ramos Rao Reyes Rivera Romano Rossi Roy Ruiz Saito Santos Sato Schmidt Shah Silva " +
		"Singh Sokolov Sousa Stone Suzuki Svensson Takeda Tan Taylor Thomsen Toth Tran Turner Vargas Virtanen Vogel Walsh Wang Weber White Wilson " +
		"Wolf Wong Wright Yamada Yıldız Young Zhang Zimmermann")
}

// town is a town and its country's ISO code.
type town struct{ City, Country string }

func towns() []town {
	return []town{{"Amsterdam", "NL"}, {"Athens", "GR"}, {"Auckland", "NZ"}, {"Austin", "US"}, {"Barcelona", "ES"}, {"Bergen", "NO"}, {"Berlin", "DE"},
		{"Bogotá", "CO"}, {"Boston", "US"}, {"Brisbane", "AU"}, {"Bristol", "GB"}, {"Brno", "CZ"}, {"Buenos Aires", "AR"}, {"Cairo", "EG"}, {"Cape Town", "ZA"},
		{"Chennai", "IN"}, {"Copenhagen", "DK"}, {"Dakar", "SN"}, {"Denver", "US"}, {"Dublin", "IE"}, {"Edinburgh", "GB"}, {"Gdańsk", "PL"}, {"Geneva", "CH"},
		{"Ghent", "BE"}, {"Graz", "AT"}, {"Hamburg", "DE"}, {"Hanoi", "VN"}, {"Helsinki", "FI"}, {"Istanbul", "TR"}, {"Jakarta", "ID"}, {"Kraków", "PL"},
		{"Kyoto", "JP"}, {"Lagos", "NG"}, {"Leeds", "GB"}, {"Leipzig", "DE"}, {"Lima", "PE"}, {"Lisbon", "PT"}, {"Ljubljana", "SI"}, {"Lyon", "FR"},
		{"Madrid", "ES"}, {"Manila", "PH"}, {"Melbourne", "AU"}, {"Milan", "IT"}, {"Montréal", "CA"}, {"Mumbai", "IN"}, {"Nairobi", "KE"}, {"Nantes", "FR"},
		{"Naples", "IT"}, {"Osaka", "JP"}, {"Oslo", "NO"}, {"Paris", "FR"}, {"Porto", "PT"}, {"Prague", "CZ"}, {"Quito", "EC"}, {"Riga", "LV"}, {"Rotterdam", "NL"},
		{"Santiago", "CL"}, {"Sapporo", "JP"}, {"Seattle", "US"}, {"Seoul", "KR"}, {"Sofia", "BG"}, {"Stockholm", "SE"}, {"Tallinn", "EE"}, {"Toronto", "CA"},
		{"Turin", "IT"}, {"Utrecht", "NL"}, {"Valencia", "ES"}, {"Vienna", "AT"}, {"Vilnius", "LT"}, {"Warsaw", "PL"}, {"Zagreb", "HR"}, {"Zürich", "CH"}}
}

// oneOf is one of a list, by the maker's dice.
func oneOf[T any](m *maker, list []T) T { return list[m.rand.IntN(len(list))] }
