"""What other programs and people call the fields, in English, Spanish, Polish and Portuguese.

Written as ``guess.plain`` makes headers: lower case, without accents and signs.
"""

from __future__ import annotations

_WORDS = {
    "email": """email | e mail | email address | e mail address | mail | email work | work email | business email
        | primary email | email 1 | email1 | e mail 1 value | person email | correo
        | correo electronico | direccion de correo
        | correo de trabajo | adres email | adres e mail | poczta | poczta elektroniczna | endereco de email
        | endereco de e mail | e mail corporativo | email corporativo""",
    "full_name": """name | full name | fullname | person name | contact name | contact | contact person | lead name
        | nombre completo | nombre y apellidos | nombre y apellido | contacto | imie i nazwisko | nazwisko i imie
        | osoba kontaktowa | nome completo | nome e sobrenome | contato""",
    "first_name": """first name | firstname | first | given name | forename | fname | nombre | nombre de pila | imie
        | nome | primeiro nome""",
    "last_name": """last name | lastname | last | surname | family name | lname | apellido | apellidos
        | primer apellido | nazwisko | sobrenome | apelido | ultimo nome""",
    "phone": """phone | phone number | telephone | telephone number | tel | mobile | mobile phone | mobile number
        | cell | cell phone | work phone | office phone | phone work | business phone | telefono | numero de telefono
        | movil | celular | telefono movil | telefon | numer telefonu | nr telefonu | komorka | telefon komorkowy
        | telefone | numero de telefone | telemovel | whatsapp""",
    "job_title": """job title | jobtitle | title | position | role | job | job position | designation | cargo | puesto
        | puesto de trabajo | stanowisko | funkcja | funcao | posicao""",
    "company.name": """company | company name | account | account name | organization | organisation
        | organization name | organisation name | employer | associated company | firm | business name | empresa
        | compania | nombre de la empresa | organizacion | firma | nazwa firmy | przedsiebiorstwo | nome da empresa
        | companhia | organizacao""",
    "company.domain": """website | website url | web | web site | url | domain | company domain | company domain name
        | web domain | company website | homepage | sitio web | pagina web | dominio | strona | strona www
        | strona internetowa | domena | www | site""",
    "company.industry": """industry | sector | branch | vertical | industria | branza | sektor | ramo | setor
        | ramo de atividade""",
    "company.employees": """employees | number of employees | no of employees | num employees | employee count
        | company size | headcount | numero de empleados | empleados | liczba pracownikow | pracownicy
        | numero de funcionarios | funcionarios""",
    "company.annual_revenue": """annual revenue | annualrevenue | revenue | turnover | ingresos anuales
        | facturacion | facturacion anual | przychod | roczny przychod | obrot | receita anual | faturamento
        | faturamento anual""",
    "company.region": "region | state province | province | state | provincia | wojewodztwo | estado | regiao",
    "company.technologies": "technologies | tech stack | tecnologias | technologie",
    "country": "country | country region | country code | pais | kraj | nacao",
    "city": "city | town | mailing city | primary address city | ciudad | localidad | miasto | miejscowosc | cidade",
    "language": "language | preferred language | idioma | lengua | jezyk | lingua",
    "source": """source | lead source | leadsource | original source | origin | contact source | fuente
        | origen | fuente del lead | zrodlo | zrodlo leada | pochodzenie | fonte | origem | origem do lead""",
    "campaign": """campaign | campaign name | utm campaign | primary campaign | last campaign | campana | kampania
        | nazwa kampanii | campanha""",
    "lead_type": "lead type | contact type | type of lead | tipo de lead | typ leada | rodzaj leada",
    "status": """status | lead status | leadstatus | contact status | estado del lead | estatus
        | status leada | situacao""",
    "status_reason": """status reason | reason | lost reason | disqualification reason | unqualified reason | motivo
        | motivo del estado | powod | powod statusu | motivo do status""",
    "stage": """stage | lifecycle stage | lifecyclestage | lead stage | funnel stage | etapa | etapa del ciclo de vida
        | etap | etap cyklu zycia | estagio | estagio do ciclo de vida | fase""",
    "owner": """owner | owner email | lead owner | contact owner | account owner | record owner | assigned to
        | assigned user | sales rep | salesperson | propietario | propietario del lead | responsable | asignado a
        | comercial | wlasciciel | opiekun | handlowiec | przypisany do | proprietario | responsavel | vendedor""",
    "journey_step": """stage of journey | journey step | buyer journey | buyers journey
        | buyer s journey | journey stage""",
    "captured_at": """created | created at | created on | created date | created time | create date | date created
        | date entered | creation date | createddate | added | added on | date added | captured | captured at
        | registration date | signup date | fecha de creacion | fecha de alta | creado | creado el | alta
        | data utworzenia | utworzono | data dodania | dodano | data rejestracji | data de criacao | criado em
        | data de cadastro""",
    "consent": """consent | email consent | marketing consent | opt in | opted in | email opt in | newsletter
        | subscribed | gdpr consent | consentimiento | acepta publicidad | suscrito | zgoda | zgoda marketingowa
        | zgoda na kontakt | consentimento | aceita newsletter | inscrito""",
    "consent_at": """consent date | consent time | consent at | optin time | opt in time | opt in date
        | date of consent | fecha de consentimiento | data zgody | data do consentimento""",
    "consent_source": "consent source | opt in source | origen del consentimiento | zrodlo zgody",
    "do_not_email": """do not email | do not e mail | email opt out | emailoptout | opted out | opt out
        | has opted out of email | hasoptedoutofemail | unsubscribed | no enviar correos | no enviar email
        | nie wysylac e maili | nao enviar email | nao enviar e mail""",
    "do_not_call": """do not call | donotcall | do not phone | no call | no llamar | nie dzwonic | nao ligar""",
    "bant_budget": "bant budget | lead budget | presupuesto bant",
    "bant_authority": "authority | bant authority | decision maker | decisor | decydent | autoridade | autoridad",
    "bant_need": "need | needs | bant need | necesidad | potrzeba | necessidade",
    "bant_timeline": """timeline | bant timeline | purchase timeline | time frame | timeframe | plazo
        | termin zakupu | prazo""",
    "attempt.at": """last call | last call at | call date | call time | called at | attempt at | attempt date
        | last attempt | date of call | last contacted | last contact date | fecha de llamada | ultima llamada
        | data rozmowy | ostatni kontakt | data da ligacao | ultima ligacao""",
    "attempt.channel": "channel | attempt channel | contact channel | canal | kanal",
    "attempt.outcome": """outcome | call outcome | attempt outcome | call result | disposition | call disposition
        | resultado | resultado de la llamada | wynik | wynik rozmowy | resultado da ligacao""",
    "attempt.note": """call note | call notes | attempt note | notas de la llamada | notatka z rozmowy
        | notas da ligacao""",
    "attempt.by": "called by | attempt by | caller | llamado por | dzwonil | ligou",
    "external_id": """id | record id | lead id | leadid | contact id | lead number | leid | prospect id | external id
        | customer number | crm id | identificador | numer | identyfikator | numero""",
}  # fmt: skip

TARGETS = {word.strip(): target for target, words in _WORDS.items() for word in " ".join(words.split()).split("|")}
# Where a number comes from, by what its column is called there.
SYSTEMS = {
    "record id": "hubspot",
    "lead id": "salesforce",
    "leadid": "zoho",
    "leid": "mailchimp",
    "prospect id": "prospect",
    "lead number": "lead_number",
}
