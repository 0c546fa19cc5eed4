use super::*;

fn own() -> Vec<String> {
    vec!["instrument".to_owned(), "salle de cours".to_owned()]
}

fn parse(text: &str) -> Result<Template, MergeError> {
    Template::parse(text, &own())
}

/// The text filled in for a person without own columns but an instrument.
fn filled(text: &str, first_name: &str, gender: Gender) -> (String, Vec<String>) {
    let template = parse(text).expect("the tests give texts that can be read");
    let instrument = |column: &str| (column == "instrument").then_some("violon {nom}");
    let values =
        Values { first_name, last_name: "Le Goff", structure: "Quatre Vents", gender, own: &instrument };
    let Filled { text, empty } = template.fill(&values);
    (text, empty.into_iter().map(str::to_owned).collect())
}

#[test]
fn fields_say_what_they_say_of_each_person() {
    for (text, says) in [
        ("Bonjour {prenom} !", "Bonjour Zoé !"),
        ("{Prénom} {NOM}, {structure}", "Zoé Le Goff, Quatre Vents"),
        ("{ first name } {lastname}", "Zoé Le Goff"),
        ("{sexe:Cher|Chère} {prenom|vous}", "Chère Zoé"),
        ("{sex:|Mme }{nom}", "Mme Le Goff"),
        ("{{prenom}} et {{{nom}}}", "{prenom} et {Le Goff}"),
        ("{Salle de cours|A12}, 20 h", "A12, 20 h"),
        ("ni plus ni moins", "ni plus ni moins"),
        ("", ""),
    ] {
        assert_eq!(filled(text, "Zoé", Gender::Female), (says.to_owned(), vec![]), "{text}");
    }
}

#[test]
fn a_value_is_never_read_as_a_field() {
    assert_eq!(filled("{instrument}", "Zoé", Gender::Other).0, "violon {nom}");
    assert_eq!(filled("{prenom}", "{nom}", Gender::Other).0, "{nom}");
}

#[test]
fn what_has_nothing_to_say_is_named_unless_something_stands_for_it() {
    for (text, gender, says, empty) in [
        ("Bonjour {prenom|à vous}", Gender::Other, "Bonjour à vous", vec![]),
        ("Bonjour {Prenom}, {Prenom}", Gender::Other, "Bonjour , ", vec!["Prenom"]),
        ("{prenom|}{sexe:cher|chère}{salle de cours}", Gender::Other, "", vec!["sexe", "salle de cours"]),
        ("{sexe:cher|chère|bonjour}", Gender::Other, "bonjour", vec![]),
        ("{sexe:cher|chère|bonjour}", Gender::Male, "cher", vec![]),
    ] {
        let empty = empty.into_iter().map(str::to_owned).collect();
        assert_eq!(filled(text, " ", gender), (says.to_owned(), empty), "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_where_it_stands() {
    let unknown = |name: &str, position, nearest: Option<&str>| MergeError::Unknown {
        name: name.to_owned(),
        position,
        nearest: nearest.map(str::to_owned),
    };
    for (text, error) in [
        ("Bonjour {prenon}", unknown("prenon", 8, Some("prenom"))),
        ("😀 {Instrumant|rien}", unknown("Instrumant", 3, Some("instrument"))),
        ("{date}", unknown("date", 0, None)),
        ("{}", unknown("", 0, None)),
        ("a } b", unknown("", 2, None)),
        ("a { b", unknown("", 2, None)),
        ("{{prenom}", unknown("", 8, None)),
        ("{prenom:x}", unknown("prenom", 0, Some("prenom"))),
        ("{prenom|{nom}}", MergeError::Nested { position: 8 }),
        ("{{{", unknown("", 2, None)),
        ("{sexe}", MergeError::Forms { position: 0 }),
        ("{sexe|x}", MergeError::Forms { position: 0 }),
        ("é{sexe:x}", MergeError::Forms { position: 1 }),
        ("{sexe:a|b|c|d}", MergeError::Forms { position: 0 }),
    ] {
        assert_eq!(parse(text).expect_err("the text must be refused"), error, "{text}");
    }
}

#[test]
fn a_text_is_personal_when_it_differs_from_one_to_the_other() {
    for (text, personal) in [
        ("{structure}", false),
        ("a {{b}}", false),
        ("{nom|x}", true),
        ("{sexe:a|b}", true),
        ("{instrument}", true),
    ] {
        assert_eq!(parse(text).expect("it can be read").is_personal(), personal, "{text}");
    }
}
