"""The words that Baton adds to a hosted form, in the form's own language.

They stand here and not in a catalogue of translations, since a form speaks the language of those who fill it in,
whatever the interface of the people who built it speaks.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    button: str
    thanks: str
    go_on: str
    optional: str
    required: str
    choose: str
    yes: str
    no: str
    summary: str
    too_quick: str
    stale: str
    too_often: str
    closed: str
    not_taken: str
    trap: str
    own_title: str
    labels: tuple[str, ...]


# In the order of leads.capture.questions.LABELLED.
WORDS: dict[str, Words] = {
    "en": Words(
        button="Send",
        thanks="Thank you. We have received your details.",
        go_on="Go on",
        optional="optional",
        required="This field is required.",
        choose="Please choose",
        yes="Yes",
        no="No",
        summary="Nothing was sent yet. Please correct this first:",
        too_quick="That was faster than we expected of a person. Please press the button once more.",
        stale="This page was open for a long time. What you typed is still here: please check it and send it again.",
        too_often="A great many forms were sent from where you are. Please wait a few minutes and send it again; what"
        " you typed is still here.",
        closed="This form is closed.",
        not_taken="This address cannot be used here. Please give another one.",
        trap="Please leave this empty",
        own_title="Form",
        labels=(
            "First name", "Last name", "E-mail address", "Phone", "Job title", "Country", "City", "Company",
            "Company website", "Industry", "Number of employees", "Country of the company", "City of the company",
            "Budget", "Who decides?", "What do you need?", "When do you need it?", "Message",
        ),
    ),
    "es": Words(
        button="Enviar",
        thanks="Gracias. Hemos recibido sus datos.",
        go_on="Continuar",
        optional="opcional",
        required="Este campo es obligatorio.",
        choose="Elija una opción",
        yes="Sí",
        no="No",
        summary="Todavía no se ha enviado nada. Corrija primero lo siguiente:",
        too_quick="Ha sido más rápido de lo que esperamos de una persona. Pulse el botón otra vez, por favor.",
        stale="Esta página llevaba mucho tiempo abierta. Lo que escribió sigue aquí: revíselo y envíelo de nuevo.",
        too_often="Se han enviado muchos formularios desde su conexión. Espere unos minutos y envíelo de nuevo; lo que"
        " escribió sigue aquí.",
        closed="Este formulario está cerrado.",
        not_taken="Esta dirección no se puede usar aquí. Indique otra, por favor.",
        trap="Deje este campo vacío",
        own_title="Formulario",
        labels=(
            "Nombre", "Apellidos", "Correo electrónico", "Teléfono", "Cargo", "País", "Ciudad", "Empresa",
            "Sitio web de la empresa", "Sector", "Número de empleados", "País de la empresa", "Ciudad de la empresa",
            "Presupuesto", "¿Quién decide?", "¿Qué necesita?", "¿Para cuándo lo necesita?", "Mensaje",
        ),
    ),
    "pl": Words(
        button="Wyślij",
        thanks="Dziękujemy. Otrzymaliśmy Państwa dane.",
        go_on="Dalej",
        optional="opcjonalnie",
        required="To pole jest wymagane.",
        choose="Proszę wybrać",
        yes="Tak",
        no="Nie",
        summary="Nic jeszcze nie wysłano. Proszę najpierw poprawić:",
        too_quick="To było szybsze, niż oczekujemy od człowieka. Proszę nacisnąć przycisk jeszcze raz.",
        stale="Ta strona była długo otwarta. Wpisane dane nadal tu są: proszę je sprawdzić i wysłać ponownie.",
        too_often="Z tego łącza wysłano bardzo wiele formularzy. Proszę odczekać kilka minut i wysłać ponownie;"
        " wpisane dane nadal tu są.",
        closed="Ten formularz jest zamknięty.",
        not_taken="Tego adresu nie można tu użyć. Proszę podać inny.",
        trap="Proszę zostawić to pole puste",
        own_title="Formularz",
        labels=(
            "Imię", "Nazwisko", "Adres e-mail", "Telefon", "Stanowisko", "Kraj", "Miasto", "Firma",
            "Strona internetowa firmy", "Branża", "Liczba pracowników", "Kraj firmy", "Miasto firmy",
            "Budżet", "Kto decyduje?", "Czego Państwo potrzebują?", "Na kiedy?", "Wiadomość",
        ),
    ),
    "pt-br": Words(
        button="Enviar",
        thanks="Obrigado. Recebemos os seus dados.",
        go_on="Continuar",
        optional="opcional",
        required="Este campo é obrigatório.",
        choose="Escolha uma opção",
        yes="Sim",
        no="Não",
        summary="Nada foi enviado ainda. Corrija primeiro o seguinte:",
        too_quick="Foi mais rápido do que esperamos de uma pessoa. Aperte o botão mais uma vez, por favor.",
        stale="Esta página ficou aberta por muito tempo. O que você digitou continua aqui: confira e envie de novo.",
        too_often="Muitos formulários foram enviados da sua conexão. Espere alguns minutos e envie de novo; o que você"
        " digitou continua aqui.",
        closed="Este formulário está encerrado.",
        not_taken="Este endereço não pode ser usado aqui. Informe outro, por favor.",
        trap="Deixe este campo vazio",
        own_title="Formulário",
        labels=(
            "Nome", "Sobrenome", "E-mail", "Telefone", "Cargo", "País", "Cidade", "Empresa",
            "Site da empresa", "Setor", "Número de funcionários", "País da empresa", "Cidade da empresa",
            "Orçamento", "Quem decide?", "Do que você precisa?", "Para quando?", "Mensagem",
        ),
    ),
}  # fmt: skip


def words(language: str) -> Words:
    return WORDS.get(language, WORDS["en"])
