"""The patterns that come with the package: numbers and addresses that look the same in every text.

Their labels are their own (PHONE, CARD, ...); ``patterns.relabel`` turns them into those of a bundle.
"""

from __future__ import annotations

from ner_engine.rules.patterns import Pattern

__all__ = ["BUILTIN", "PERSONAL", "ROOMS"]

_DASH = r"[ \t]?[-–—‐.·]?[ \t]?"
_NOT_IN_NUMBER = r"(?<!\d)(?<!\d[-.,])"
_NUMBER_ENDS = r"(?!\d|[-–]\d)"

_AREA = r"(?:1[016789]|2|[3-6][1-5]|70|80|50[2-8]?|60|30)"
_REPRESENTATIVE = (
    "(?:15(?:22|33|44|55|66|77|88|99)|16(?:00|11|22|33|44|55|61|66|68|70|88|99)|18(?:00|11|22|33|44|55|66|77|99))"
)
_SPELT_DIGIT = "[공영일이삼사오육륙칠팔구]"
_SPELT_GROUP = rf"(?:에|다시)?[ \t-]{{0,3}}{_SPELT_DIGIT}{{3,4}}"
_ACCOUNT_AT = "계좌(?:번호)?|은행|뱅크|농협|신협|수협|새마을금고|우체국|증권(?!번호)|저축"

_PROVINCE = "(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주)"
_NO_PLACE = (  # words that end as the names of places do
    r"(?:[다혹역잠즉필]시|택시|몇 ?시|[친도가야]구|정도|아마도"
    r"|[가-힣]{0,5}(?:[하다으려이되가오]면|[래어아해라]도))[ \t]"
)
_REGION = rf"(?>(?:{_PROVINCE}|(?!{_NO_PLACE})[가-힣]{{2,8}}+(?<=[시도군구읍면]))[ \t]){{1,4}}+"
_HOUSE = (  # 8, 12-3; not 2시, 3개
    r"(?:지하[ \t]?)?\d{1,5}+(?:-\d{1,4}+)?+(?:번지)?+"
    r"(?![ \t](?:[시개명원분월일년인번잔병박주천만백대차장회권편살세구위점]|호선|킬로|[kKcC]?m))"
    r"(?=[^\w가-힣]|$|으?로|이?요|에|이에요|예요|이?고|이?랑|입니다|인데|이?야|[의와과도은는을를이가맞])"
)
_ROOM = r"(?:지하[ \t]?|[Bb비])?+\d{1,4}+(?:동|층|호)(?![선차])"
_BUILDING = r"(?>[가-힣A-Za-z\d]{1,12}?(?:아파트|빌라|오피스텔|빌딩|타워|맨션|하우스|주택|상가))"
ROOMS = rf"(?:,?[ \t]{_BUILDING})?+(?:,?[ \t]?{_ROOM}){{0,3}}+"

_DIGITS = "일이삼사오육칠팔구십백천만억조몇"
_AMOUNT = rf"(?:[수몇][ \t]?)?(?:[\d,.{_DIGITS}]{{1,20}}+(?<=[천만억조])[ \t]){{0,3}}[\d,.{_DIGITS}]{{1,20}}+"
_FROM = rf"[\d,.{_DIGITS}]{{1,20}}+[ \t]?원?[ \t]?[~∼–-][ \t]?"
_CURRENCY = "원(?![소자점칙형격판])|달러|불(?![가-힣])|유로|위안|파운드|엔(?![가-힣])|USD|KRW|EUR|JPY"

_CODES = "KE|OZ|7C|LJ|TW|BX|ZE|RS|YP|RF"
_FOREIGN_CODES = (
    "AA|AC|AF|AK|AY|BA|BR|CA|CI|CX|CZ|DL|D7|EK|EY|GA|GK|HA|HU|HX|JL|JQ|KL|LH|LO|MF|MH|MM|MU|NH|NZ|OM|PR|QF|QR|QV"
    "|SC|SQ|SU|TG|TK|TR|UA|UO|VJ|VN|XJ|Z2|ZH|5J"
)
_AIRLINES = (
    "대한항공|아시아나(?:항공)?|제주항공|진에어|티웨이(?:항공)?|에어부산|에어서울|이스타(?:항공)?"
    "|에어프레미아|에어로케이"
)
_NUMBERED = (
    "주문|예약|예매|접수|운송장|송장|택배|등기|승인|결제|회원|고객|신청|문의|확인|인증|쿠폰|일련|상품|배송"
    "|조회|발급|관리"
)
_PLATE_LETTER = "[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호]"

PERSONAL: tuple[Pattern, ...] = (
    Pattern(
        "phone",
        "PHONE",
        rf"{_NOT_IN_NUMBER}(?:(?:\+|00)?82[-. )]{{0,2}}(?:\(0\))?0?{_AREA}|\(0{_AREA}\)|0{_AREA}\)?)"
        rf"{_DASH}\d{{3,4}}{_DASH}\d{{4}}{_NUMBER_ENDS}",
        score=0.98,
        reason="a telephone number",
    ),
    Pattern(
        "phone-representative",
        "PHONE",
        rf"{_NOT_IN_NUMBER}{_REPRESENTATIVE}[-–.]\d{{4}}{_NUMBER_ENDS}(?![ \t]?(?:년|원|명|개|[kK]?m))",
        score=0.95,
        reason="a company's telephone number",
    ),
    Pattern(
        "phone-spelt",
        "PHONE",
        rf"(?<![가-힣])[공영]일{_SPELT_DIGIT}{_SPELT_GROUP}{_SPELT_GROUP}(?!{_SPELT_DIGIT})",
        score=0.95,
        reason="a telephone number, spelt out",
    ),
    Pattern(
        "resident",
        "RESIDENT",
        rf"{_NOT_IN_NUMBER}\d{{2}}[01]\d[0-3]\d[ \t]?[-–]?[ \t]?[1-8](?:\d{{6}}|[*●•xX]{{6}}){_NUMBER_ENDS}",
        check="resident",
        reason="a resident registration number",
    ),
    Pattern(
        "card",
        "CARD",
        rf"{_NOT_IN_NUMBER}(?:\d{{4}}(?:[ \t]?[-–.][ \t]?\d{{4}}){{3}}|\d{{4}}(?: \d{{4}}){{3}}"
        rf"|3[47]\d\d[ -]\d{{6}}[ -]\d{{5}}|\d{{15,16}}){_NUMBER_ENDS}",
        check="card",
        reason="a payment card",
    ),
    Pattern(
        "account",
        "ACCOUNT",
        rf"{_NOT_IN_NUMBER}\d{{2,6}}(?:-\d{{2,8}}){{2,3}}{_NUMBER_ENDS}",
        check="account",
        reason="a bank account by its groups of digits",
    ),
    Pattern(
        "account-named",
        "ACCOUNT",
        rf"(?:{_ACCOUNT_AT})[^\dA-Za-z\n]{{0,12}}(?P<entity>\d{{2,8}}(?:-\d{{1,8}}){{1,3}}|\d{{10,16}}){_NUMBER_ENDS}",
        score=0.98,
        reason="a bank account, named before it",
    ),
    Pattern(
        "email",
        "EMAIL",
        r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-]{1,64}(?:\.[A-Za-z0-9_%+-]{1,64}){0,5}"
        r"@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![A-Za-z0-9])",
        score=0.99,
        reason="an e-mail address",
    ),
    Pattern(
        "email-spelt",
        "EMAIL",
        r"(?<![A-Za-z0-9._-])[A-Za-z0-9_-]{1,40}(?:\.[A-Za-z0-9_-]{1,40}){0,3}[ \t]?골뱅이[ \t]?"
        r"(?:네이버|지메일|다음|한메일|카카오|네이트|[A-Za-z0-9-]{2,30}(?:\.[A-Za-z]{2,10}){0,2})"
        r"(?:[ \t]?(?:점|닷|쩜|\.)[ \t]?(?:컴|넷|com|net|co\.kr|kr)){0,1}",
        score=0.95,
        reason="an e-mail address, spelt out",
    ),
    Pattern(
        "address-road",
        "ADDRESS",
        rf"(?<![가-힣])(?P<region>{_REGION})?(?>[가-힣]{{2,10}}+(?<=[로길])(?<!으로)|[가-힣]{{1,6}}\d{{1,3}}[로길])"
        rf"(?P<branch>[ \t]?\d{{1,4}}+(?:번안?|[가나다라])?+길)?+[ \t]?(?P<house>{_HOUSE})(?P<rooms>{ROOMS})",
        check="address",
        reason="an address by road",
    ),
    Pattern(
        "address-lot",
        "ADDRESS",
        rf"(?<![가-힣])(?P<region>{_REGION})[가-힣]{{1,8}}+(?:(?<=[동리])|\d{{1,2}}[동가])[ \t](?:산[ \t]?)?"
        rf"{_HOUSE}{ROOMS}",
        check="address",
        reason="an address by lot",
    ),
    Pattern(
        "driver",
        "LICENCE",
        rf"{_NOT_IN_NUMBER}(?:1[1-9]|2[0-8])-\d{{2}}-\d{{6}}-\d{{2}}{_NUMBER_ENDS}",
        score=0.97,
        reason="a driver's licence",
    ),
    Pattern(
        "passport",
        "PASSPORT",
        r"(?<![A-Za-z0-9])[MSRODG](?:\d{8}|\d{3}[A-Z]\d{4})(?![A-Za-z0-9])",
        score=0.9,
        reason="a passport",
    ),
    Pattern(
        "plate",
        "PLATE",
        rf"(?<![\d가-힣.,])(?!11[29])\d{{2,3}}{_PLATE_LETTER}[ \t]?\d{{4}}"
        r"(?!\d|[,.]\d|[ \t]?(?:원|년|명|개|[kK]?m))",
        score=0.9,
        reason="a car's number plate",
    ),
    Pattern(
        "ip",
        "IP",
        r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]?\d)",
        check="ip",
        reason="an IP address",
    ),
)

BUILTIN: tuple[Pattern, ...] = (
    *PERSONAL,
    Pattern(
        "business",
        "BUSINESS",
        rf"{_NOT_IN_NUMBER}\d{{3}}-\d{{2}}-\d{{5}}{_NUMBER_ENDS}",
        check="business",
        reason="a business registration number, its check digit right",
    ),
    Pattern(
        "business-named",
        "BUSINESS",
        rf"사업자[ \t]?(?:등록)?[ \t]?번호[^\d\n]{{0,6}}(?P<entity>\d{{3}}-?\d{{2}}-?\d{{5}}){_NUMBER_ENDS}",
        score=0.99,
        reason="a business registration number, named before it",
    ),
    Pattern(
        "url",
        "URL",
        r"(?<![A-Za-z0-9@._-])(?:https?://|www\.)[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]{1,400}"
        r"(?<![.,;:!?')\]])",
        score=0.99,
        ignore_case=True,
        reason="a web address",
    ),
    Pattern(
        "url-bare",
        "URL",
        r"(?<![A-Za-z0-9@._/-])(?:[A-Za-z0-9-]{2,40}\.){1,3}(?:com|net|org|kr|io|me|shop|dev|ai)"
        r"(?![A-Za-z0-9@-])(?:/[A-Za-z0-9._~/?#&=%+-]{0,200}(?<![.,?]))?",
        score=0.9,
        reason="a web address without its scheme",
    ),
    Pattern(
        "money",
        "MONEY",
        rf"(?<![가-힣\d.,])(?:미화[ \t])?"
        rf"(?P<amount>(?:{_FROM})?{_AMOUNT})(?P<space>[ \t]?)(?:{_CURRENCY})(?:대(?![출학리표신략행접우]))?",
        check="money",
        reason="an amount of money",
    ),
    Pattern(
        "money-sign",
        "MONEY",
        r"(?:US)?[$€£¥₩￦][ \t]?(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(?:\.\d{1,2})?(?:[ \t]?[천만억]){0,2}"
        r"(?!\d|,\d)",
        score=0.99,
        reason="an amount of money, by its sign",
    ),
    Pattern(
        "flight",
        "FLIGHT",
        rf"(?<![A-Za-z0-9])(?:(?:{_CODES})[ \t-]?|{_FOREIGN_CODES})\d{{2,4}}"
        r"(?![A-Za-z0-9]|[ \t]?(?:원|개|명|년))",
        check="flight",
        reason="a flight by its airline's code",
    ),
    Pattern(
        "flight-named",
        "FLIGHT",
        rf"(?:{_AIRLINES})[ \t]?\d{{2,4}}편",
        score=0.98,
        reason="a flight by its airline's name",
    ),
    Pattern(
        "order",
        "ORDER",
        rf"(?:{_NUMBERED})[ \t]?(?:번호|코드|넘버|No\.?)[ \t]?[은는이가]?[ \t]?[:=]?[ \t]?#?"
        r"(?P<entity>[A-Za-z0-9](?:[-_ ]?[A-Za-z0-9]){2,29})(?![A-Za-z0-9])",
        check="digits",
        reason="a number that was named before it",
    ),
    Pattern(
        "parcel",
        "ORDER",
        r"(?:운송장|송장|등기)[ \t]?[은는이가]?[ \t]?:?[ \t]?"
        r"(?P<entity>\d{4}(?:[- ]?\d{4}){1,2}\d{0,5})(?!\d)",
        score=0.97,
        reason="a parcel's number",
    ),
    Pattern(
        "order-coded",
        "ORDER",
        r"(?<![A-Za-z0-9])(?:ORD|ORDER|RSV|INV)[-_ #]?\d{3,20}(?:-\d{1,10}){0,2}(?![A-Za-z0-9])",
        score=0.95,
        reason="an order's number",
    ),
)
