"""What the writer of a mail wrote is left, whichever program cut, quoted and signed around it."""

import math
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.mail import parse
from complaints.mail_forwarded import forwarded_original
from complaints.mail_html import text_of_html
from complaints.mail_reply import reply_of

WORDS = "您好：\n还是没有人联系我，请尽快处理。"
OLD = "尊敬的客户，您的投诉已受理，我们将在三个工作日内答复。"
OFFICE = "投诉受理 <tousu@example.com>"

HISTORY = {
    "QQ Mail": f"------------------ 原始邮件 ------------------\n"
    f'发件人: "投诉受理" <tousu@example.com>;\n发送时间: 2026年11月15日(星期天) 下午4:20\n'
    f'收件人: "张伟"<zw@example.cn>;\n主题: 受理\n\n{OLD}',
    "QQ Mail, gaps in HTML": f"------------------&nbsp;原始邮件&nbsp;------------------\n{OLD}",
    "QQ Mail, English": f"------------------ Original ------------------\nFrom: a\n\n{OLD}",
    "QQ Mail, phone": f"---原始邮件---\n发件人: a<a@example.com>\n\n{OLD}",
    "163, old": f'在 2026-11-15 16:20:28，"投诉受理" <tousu@example.com> 写道：\n>{OLD}',
    "163, English": f'At 2026-11-15 16:20:28, "Office" <tousu@example.com> wrote:\n\n{OLD}',
    "163, no address": f"At 2026-11-15 16:20:28, Office wrote:\n>{OLD}",
    "NetEase Mail Master": f"---- 回复的原邮件 ----\n| 发件人 | {OFFICE} |\n| 日期 | 2026 |\n{OLD}",
    "NetEase, English": f"---- Replied Message ----\n| From | {OFFICE} |\n\n{OLD}",
    "Foxmail": " \n发件人： 投诉受理\n发送时间： 2026-11-15 16:20\n收件人： 张伟\n"
    f"主题： 受理\n{OLD}",
    "Outlook": f"发件人: {OFFICE}\n发送时间: 2026年11月15日 16:20\n收件人: 张伟\n"
    f"主题: 受理\n\n{OLD}",
    "Outlook, plain": f"-----邮件原件-----\n发件人: a [mailto:a@example.com]\n\n{OLD}",
    "Outlook, web": f"________________________________\n发件人: {OFFICE}\n"
    f"发送时间: 2026年11月15日 16:20\n收件人: a\n主题: 受理\n\n{OLD}",
    "Outlook, bold": f"*发件人:* {OFFICE}\n*发送时间:* 2026年11月15日 16:20\n*收件人:* a\n\n{OLD}",
    "Outlook, bold colon": f"**From:** {OFFICE}\n**Sent:** 2026\n**Subject:** a\n\n{OLD}",
    "Outlook, Taiwan": f"寄件者: {OFFICE}\n寄件日期: 2026年11月15日\n收件者: a\n主旨: b\n\n{OLD}",
    "Outlook, English": f"From: Office [mailto:t@example.com]\nSent: x\nTo: a\nSubject: b\n\n{OLD}",
    "Outlook, names only": f"From: Office\nSent: 15 Nov 2026 16:20\nTo: a\nSubject: b\n\n{OLD}",
    "Outlook, German": f"Von: {OFFICE}\nGesendet: x\nAn: a\nBetreff: b\n\n{OLD}",
    "Gmail": f"投诉受理 <tousu@example.com> 于2026年11月15日周日 16:20写道：\n\n> {OLD}",
    "Gmail, no marks": f"投诉受理 <tousu@example.com> 于2026年11月15日周日 16:20写道：\n\n{OLD}",
    "Gmail, Taiwan": f"Office <t@example.com> 於 2026年11月15日 週日 下午4:20寫道：\n\n> {OLD}",
    "Gmail, English": f"On Sun, Nov 15, 2026 at 4:20\u202fPM O <t@example.com>\nwrote:\n\n{OLD}",
    "Gmail, no language": f"2026-11-15 16:20 GMT+08:00 Li Na <t@example.com>:\n\n{OLD}",
    "iPhone": f"> 在 2026年11月15日，下午4:20，{OFFICE} 写道：\n> \n> {OLD}",
    "iPhone, Taiwan": f"> Office <t@example.com> 於 2026年11月15日 下午4:20 寫道：\n> \n> {OLD}",
    "Apple Mail": f"在 2026年11月15日，16:20，{OFFICE} 写道：\n\n{OLD}",
    "Yahoo": f"在 2026年11月15日星期日 GMT+8 下午4:20:28, {OFFICE} 写道：\n\n{OLD}",
    "Yahoo, old": f"--- On Wed, 4/4/12, a <a@example.com> wrote:\n\n\n{OLD}",
    "Zoho": f"---- 在 星期日, 15 十一月 2026 16:20:28 +0800 {OFFICE} 写道 ----\n\n{OLD}",
    "Huawei": f"-------- 原始邮件 --------\n发件人: {OFFICE}\n日期: 2026年\n主　题: b\n{OLD}",
    "Samsung": f"-------- 原始邮件 --------\n自： {OFFICE}\n日期： 2026/11/15\n至： a\n\n{OLD}",
    "Xiaomi": f"在 {OFFICE}，2026年11月15日 下午4:20写道：\n\n> {OLD}",
    "WeCom": f"------------------ 原始邮件 ------------------\n发件人: a;\n\n{OLD}",
    "Aliyun": "------------------------------------------------------------------\n"
    f"发件人：{OFFICE}\n日　期：2026年11月15日 16:20:28\n收件人：张伟\n主　题：b\n\n{OLD}",
    "Thunderbird": f"在 2026/11/15 16:20, 投诉受理 写道:\n> {OLD}",
    "Thunderbird, English": f"On 15/11/2026 16:20, Office wrote:\n> {OLD}",
    "French": f"Le dim. 15 nov. 2026 à 16:20, Office <t@example.com> a écrit :\n\n{OLD}",
    "German": f"Am So., 15. Nov. 2026 um 16:20 Uhr schrieb Office <\nt@example.com>:\n\n> {OLD}",
    "Dutch": f"Op 15 nov 2026 om 16:20 heeft O <t@example.com> het volgende geschreven:\n\n{OLD}",
    "Hungarian": f'2026.11.15. 16:20 keltezéssel, "Office" írta:\n> {OLD}',
    "Portuguese": f"Em dom., 15 de nov. de 2026 às 16:20, O <t@example.com> escreveu:\n\n> {OLD}",
    "Russian": f"вс, 15 нояб. 2026 г. в 16:20, Office <t@example.com>:\n\n> {OLD}",
    "Polish": f"niedz., 15 lis 2026 o 16:20 Office <t@example.com> napisał(a):\n\n> {OLD}",
    "Japanese": f"2026年11月15日(日) 16:20 Office <t@example.com>:\n\n> {OLD}",
    "Korean": f"2026년 11월 15일 (일) 오후 4:20, Office <t@example.com>님이 작성:\n\n> {OLD}",
    "Original Message": f"-----Original Message-----\nFrom: a\nSent: b\n\n{OLD}",
    "Original message, small": f"-------- Original message --------\nFrom: a\n\n{OLD}",
    "Help desk": f"##- 请在此行上方输入您的回复 -##\n\n{OLD}",
}


@pytest.mark.parametrize("history", HISTORY.values(), ids=HISTORY.keys())
def test_cuts_the_history_of_each_program(history: str) -> None:
    """The history goes in the form of each program, with or without a signature above it."""
    assert reply_of(f"{WORDS}\n\n{history}") == WORDS
    assert reply_of(f"{WORDS}\r\n\r\n发自我的 iPhone\r\n\r\n{history}") == WORDS
    assert reply_of(f"{WORDS}\n\n\n{history}\n\n{history}") == WORDS


LANGUAGES = [
    "El lun., 1 ene. 2026 a las 10:00, Bob (<b@example.com>) escribió:\n\n> a",
    "Vào 10:00, Th 2, 1 thg 1, 2026 Bob <b@example.com> đã viết:\n\n> a",
    "Pada tanggal Sen, 1 Jan 2026 10.00, Bob <b@example.com> menulis:\n\n> a",
    "Dne po 1. 1. 2026 10:00 uživatel Bob <b@example.com> napsal:\n\n> a",
    "1 Oca 2026 Pzt 10:00 tarihinde Bob <b@example.com> şunu yazdı:\n\na",
    "maanantai 1. tammikuuta 2026 Bob <b@example.com> kirjoitti:\n\n> a",
    "Il giorno lun 1 gen 2026 alle 10:00 Bob <b@example.com> ha scritto:\n\n> a",
    "Den 1 jan. 2026 kl. 10:00 skrev Bob <b@example.com>:\n\n> a",
    "Da: Bob [mailto:b@example.com]\nInviato: 1 gennaio 2026 10:00\nA: a\nOggetto: b\n\na",
    "De : Bob <b@example.com>\nEnvoyé : lundi 1 janvier 2026 10:00\nÀ : a\nObjet : b\n\na",
    "Van: Bob\nVerzonden: maandag 1 januari 2026 10:00\nAan: a\nOnderwerp: b\n\na",
    "Från: Bob <b@example.com>\nSkickat: den 1 januari 2026 10:00\nTill: a\nÄmne: b\n\na",
    "差出人: Bob <b@example.com>\n送信日時: 2026年1月1日 10:00\n宛先: a\n件名: b\n\na",
    *("-----Mensaje original-----\na", "-----Ursprüngliche Nachricht-----\na"),
    *("----- Messaggio originale -----\na", "-------- Original-Nachricht --------\na"),
]


@pytest.mark.parametrize("history", LANGUAGES, ids=range(len(LANGUAGES)))
def test_cuts_the_history_in_other_languages(history: str) -> None:
    """Programs speak the language of their user."""
    assert reply_of(f"{WORDS}\n\n{history}") == WORDS


ADVERTISED = [
    *("发自我的 iPhone", "发自我的iPhone", "发自我的小米手机", "发自我的 HUAWEI Mate 60 Pro"),
    *(
        "从我的华为手机发送",
        "来自我的华为手机",
        "發自我的 iPad",
        "從我的 iPhone 傳送",
        "发自新浪邮箱客户端",
    ),
    *(
        "发自网易邮箱大师",
        "签名由 网易邮箱大师 定制",
        "签名由网易邮箱大师定制",
        "来自钉钉专属商务邮箱",
    ),
    *("发自企业微信", "从 Windows 版邮件发送", "发送自 Windows 10 版邮件应用", "发自139邮箱"),
    *(
        "获取 Outlook for iOS<https://aka.ms/o0ukef>",
        "获取适用于 Android 的 Outlook",
        "发自vivo手机",
    ),
    *(
        "Sent from my iPhone",
        "Sent from my iPhone, please excuse my brevity.",
        "Get Outlook for iOS",
    ),
    *("Sent from Mail for Windows 10", "Sent from Outlook for Android<https://aka.ms/x>"),
    *(
        "Sent from my Samsung Galaxy smartphone.",
        "Sent via BlackBerry by AT&T",
        "Sent from my laptop",
    ),
    *("Von meinem iPhone gesendet", "Gesendet von Outlook für Android<https://aka.ms/x>"),
    *("Envoyé de mon iPhone", "Enviado desde mi iPhone", "Inviato da iPhone", "iPhoneから送信"),
]


@pytest.mark.parametrize("line", ADVERTISED)
def test_cuts_the_line_in_which_a_program_praises_itself(line: str) -> None:
    """The line goes at the end; the rest stays."""
    assert reply_of(f"{WORDS}\n\n{line}\n") == WORDS


SIGNATURES = {
    "standard": ("-- \n张伟\n13800000000"),
    "divider": ("--\nLi Na\nExample Ltd."),
    "NetEase": ("| |\n张伟\n|\n|\nzw@example.cn\n|\n签名由 网易邮箱大师 定制"),
    "NetEase, cut": ("| |\n张伟\n|\n|\n邮箱：zw@example.cn\n|"),
    "list": (
        "_______________________________________________\n"
        "users mailing list\n"
        "users@example.org\n"
        "http://lists.example.org/users"
    ),
    "Chinese disclaimer": (
        "本邮件及其附件含有示例公司的保密信息，仅限于发送给上面地址中列出的个人或群组。"
        "如果您错误地收到本邮件，请您立即电话或邮件通知发件人并删除本邮件。"
    ),
    "headed": ("免责声明：\n此邮件可能包含机密信息。如您并非收件人，禁止任何人使用、复制。"),
    "English": (
        "This e-mail is confidential and may be privileged. If you are not the intende"
        "d recipient,\n"
        "please delete it."
    ),
    "two": (
        "CONFIDENTIALITY NOTICE\n"
        "This message contains confidential information. If you received it in\n"
        "error, please delete it.\n"
        "\n"
        "本邮件含有保密信息，如误收请删除。"
    ),
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_cuts_a_signature_whose_form_proves_it(signature: str) -> None:
    """Signatures, cards, footers of lists and disclaimers go, one below the other."""
    assert reply_of(f"{WORDS}\n\n{signature}") == WORDS
    assert reply_of(f"{WORDS}\n\n发自我的 iPhone\n\n{signature}") == WORDS


BANNERS = [
    "CAUTION: This email originated from outside of the organization. Do not click links.",
    "[EXTERNAL EMAIL] Do not click links or open attachments unless you know the sender.",
    "【外部邮件，请谨慎点击链接和附件】",
    "注意：此邮件来自外部邮箱，请谨慎打开链接和附件。",
    "You don't often get email from zw@example.cn. Learn why this is important",
]


@pytest.mark.parametrize("banner", BANNERS, ids=range(len(BANNERS)))
def test_cuts_the_warning_of_a_gateway(banner: str) -> None:
    """A warning that the receiving company puts on top goes."""
    assert reply_of(f"{banner}\n\n{WORDS}") == WORDS


def test_keeps_what_stands_behind_a_warning_on_its_line() -> None:
    """Only the bracket is the gateway's."""
    assert (
        reply_of("【外部邮件，请谨慎点击链接】您好，我要投诉。\n谢谢") == "您好，我要投诉。\n谢谢"
    )


KEPT = [
    "我在2026年11月3日发邮件，客服在回复中写道：\n无法退款。\n我不同意。",
    "贵司员工李某 <li@example.com> 于2026年11月3日写道：\n不予退款。\n我不同意。",
    "客服写道：无法退款。我要求查看原始邮件。\n发件人显示为贵公司员工。",
    "发件人: 张三\n我要投诉。",
    (
        "我收到这样一封邮件：\n发件人：催收 <c@example.com>\n日期：2026-11-03 10:00\n主题：催费\n\n"
        "我没有欠费。"
    ),
    "1. 日期：11月3日\n2. 时间：下午\n3. 主题：物业费\n\n请处理。",
    "日期：11月3日\n时间：下午3点\n主题：物业费乱收\n收件人：物业公司\n\n请处理。",
    "I missed it.\n\nFrom: Beijing\nTo: Shanghai\nDate: 2026-11-15 10:30\n\nThe train was late.",
    "发过邮件。\n发件人：zw@example.cn\n收件人：贵司\n时间：11月3日\n但是没有回复。",
    "收到的是-----Original Message-----这样的邮件，看不懂。",
    "转发：见附件\n请处理。",
    "On 3 November 2026 your clerk wrote:\nno refund.\nI disagree.",
    "He wrote: no refund.\nI wrote: I disagree at 10:30.\nFrom: the shop, no answer.",
    "I need mails that come from: a@example.com and to: b@example.com\nThe date: unknown.",
    "Hello,\n\nI'm writing because of:\n-- first point\n-- second point\n\nThanks!",
    "The fix -- this is not a signature -- did not work.",
    "第一件事：漏水。\n--\n第二件事：我已经等了三天，没有人来。",
    "# 投诉\n\n- 漏水\n- 噪音\n\n> 您说三天内答复\n\n已经五天了。",
    "| 项目 | 金额 |\n| --- | --- |\n| 物业费 | 300 |\n| 水费 | 20 |",
    "+------+-----+\n| 物业 | 300 |\n+------+-----+",
    "```\nif a > b:\n    print('wrote:')\n-----\n```\n请看。",
    "见 https://example.com/a?from:b=1&date:2026-11-15 的截图",
    "- Li Na\n- Zhang Wei\n都可以作证",
    "请处理\n来自我的邻居的噪音",
    "请处理\n使用微信支付后没有发货",
    "请处理\n通过QQ联系你们客服没人理",
    "请处理\n来自小米官网的订单一直没到",
    "请处理\n从手机下单的",
    "请处理\n由我的父亲寄出",
    "The letter was\nsent from my office",
    "我要投诉\n\n主题：漏水\n时间：2026-11-15 16:20\n发件人：张三\n收件人：物业\n\n请处理。",
    "On Monday at 10:30 your staff wrote:\n\nwe will not pay\n\nThis is wrong.",
    "以上发自我的内心",
    "这些话发自我的真实感受，请重视",
    "我的投诉\nSent from my desk, is much easier then my mobile phone.",
    "本邮件内容请保密，仅供你们内部调查使用。",
    "请注意：外部人员随意进出小区，保安没有检查附件。",
    "2026-11-15 16:20 GMT+08:00 系统报错\n2026-11-15 16:21 GMT+08:00 系统报错",
    "____________\n(签字)\n张伟",
    "我说：\n> 为什么收费\n他答不上来。",
]


@pytest.mark.parametrize("text", KEPT, ids=range(len(KEPT)))
def test_keeps_what_only_resembles_history(text: str) -> None:
    """Prose, lists, tables and code in the forms of mail programs stay, and so with history."""
    assert reply_of(text) == text
    history = HISTORY["QQ Mail"]
    assert reply_of(f"{text}\n\n{history}") == text


def test_keeps_answers_between_and_below_quotations() -> None:
    """Who answers below each question, or below all, loses the attribution at most."""
    below = f"{HISTORY['163, old']}\n\n{WORDS}"
    assert reply_of(below) == WORDS
    between = "> 哪一天？\n周日。\n> 几点？\n下午四点。"
    assert reply_of(f"在 2026-11-15 16:20，{OFFICE} 写道：\n{between}\n> 谢谢") == (
        "周日。\n> 几点？\n下午四点。"
    )


def test_knows_the_end_of_a_quoted_line_that_was_too_long_to_send() -> None:
    """What a program broke off a quoted line is no answer; a sentence is."""
    long = "> " + "We have received your complaint and will answer it within three " + "working"
    head = "On 2026-11-15 16:20, Office <t@example.com> wrote:\n"
    assert reply_of(f"{WORDS}\n{head}{long}\ndays at the latest.\n> Office") == WORDS
    answered = reply_of(f"{WORDS}\n{head}{long}.\nThat was a week ago.\n> Office")
    assert "That was a week ago." in answered


def test_reads_what_was_sent_on_without_a_word() -> None:
    """Nothing but a forwarded letter: its words are what its sender wants to say."""
    head = "发件人: 张伟 <zw@example.cn>\nDate: 2026年11月15日\nSubject: 漏水\nTo: 物业"
    assert (
        reply_of(f"---------- Forwarded message ---------\n{head}\n\n\n漏水三天了。")
        == "漏水三天了。"
    )
    bird = "Subject: a\nDate: Tue, 3 May 2016\nFrom: b <b@example.com>\nTo: c"
    assert reply_of(f"-------- Forwarded Message --------\n{bird}\n\nIt leaks.") == "It leaks."


SENDER = "投诉受理 &lt;t@example.com&gt;"
HTML = {
    "Outlook": f"<p class=MsoNormal>{{0}}</p><div><p><b>发件人:</b> {SENDER}<br>"
    "<b>发送时间:</b> 2026年11月15日 16:20<br><b>收件人:</b> 张伟<br><b>主题:</b> b</p></div>"
    "<p>{1}</p>",
    "Outlook, phone": "<div>{0}</div><div>获取 <a href='https://aka.ms/x'>Outlook for iOS</a></div>"
    f"<hr><div><b>发件人:</b> {SENDER}<br><b>发送时间:</b> Sunday, 4:20:28 PM<br>"
    "<b>收件人:</b> b<br><b>主题:</b> c</div><div>{1}</div>",
    "Gmail": f"<div>{{0}}</div><br><div><div>{SENDER} 于2026年11月15日周日 16:20写道：<br></div>"
    "<blockquote><div>{1}</div></blockquote></div>",
    "QQ Mail": "<div>{0}</div><div>发自我的iPhone</div><div>&nbsp;</div>"
    "<div>------------------&nbsp;原始邮件&nbsp;------------------</div>"
    "<div><b>发件人:</b>&nbsp;a;</div><div>{1}</div>",
    "163": f"<div>{{0}}</div><pre><br>在 2026-11-15 16:20:28，{SENDER} 写道：</pre>"
    "<blockquote><div>{1}</div></blockquote>",
    "Aliyun": "<div>{0}</div><blockquote><div>----------------------------------------</div>"
    f"<div>发件人：{SENDER}</div><div>日　期：2026年11月15日 16:20:28</div><div>收件人：b</div>"
    "<div>主　题：c</div><div>{1}</div></blockquote>",
    "Thunderbird": "<p>{0}</p><div>在 2026/11/15 16:20, a 写道:<br></div><blockquote><p>{1}</p>"
    "</blockquote>",
}


@pytest.mark.parametrize("html", HTML.values(), ids=HTML.keys())
def test_cuts_the_history_of_an_html_mail(html: str) -> None:
    """What the programs write where a mail has no plain text."""
    assert reply_of(text_of_html(html.format("还没有人来。", OLD))) == "还没有人来。"


def test_cuts_the_quotation_of_an_html_mail() -> None:
    """A blockquote is a quotation, and the line above it its attribution."""
    html = (
        "<div>还没有人来。</div><div>发自我的iPhone</div><div><br><blockquote type='cite'>在 2026年"
        "11月15日，16:20，投诉受理 &lt;t@example.com&gt; 写道：<br><br></blockquote></div>"
        f"<blockquote type='cite'><div>{OLD}</div></blockquote>"
    )
    assert reply_of(text_of_html(html)) == "还没有人来。"


FORWARDED = {
    "NetEase Mail Master, HTML": f"---- 转发的邮件 ----\n发件人 张伟<zw@example.cn>\n"
    f"日期 2026年11月15日 16:20\n收件人 前台\n主题 漏水\n\n{WORDS}",
    "Outlook": f"请登记。\n\n发件人: 张伟 <zw@example.cn>\n发送时间: 2026年11月15日 16:20\n"
    f"收件人: 前台\n主题: 漏水\n\n{WORDS}",
    "Outlook, English": f"FYI\n\n-----Original Message-----\nFrom: 张伟 [mailto:zw@example.cn]\n"
    f"Sent: Sunday\nTo: Desk\nSubject: leak\n\n{WORDS}",
    "QQ Mail": "\n------------------ 原始邮件 ------------------\n"
    '发件人: "张伟" <zw@example.cn>;\n'
    f"发送时间: 2026年11月15日\n收件人: a\n主题: 漏水\n\n{WORDS}",
    "163": f'-------- 转发邮件信息 --------\n发件人："张伟" <zw@example.cn>\n发送日期：2026-11-15\n'
    f"收件人：a\n主题：漏水\n{WORDS}",
    "NetEase Mail Master": f"请看\n\n---- 转发的邮件 ----\n| 发件人 | 张伟<zw@example.cn> |\n"
    f"| 日期 | 2026年11月15日 16:20 |\n| 收件人 | a |\n| 主题 | 漏水 |\n\n{WORDS}",
    "Foxmail": " \n发件人： 张伟 <zw@example.cn>\n发送时间： 2026-11-15 16:20\n收件人： a\n"
    f"主题： b\n{WORDS}",
    "Gmail": f"---------- Forwarded message ---------\n发件人： 张伟 <zw@example.cn>\n"
    f"Date: 2026年11月15日\nSubject: 漏水\nTo: a\n\n\n{WORDS}",
    "Apple Mail": "请处理\n\n> 开始转发的邮件：\n> \n> 发件人: 张伟 <zw@example.cn>\n"
    "> 主题: 漏水\n> 日期: 2026年11月15日 GMT+8 16:20\n> 收件人: a\n> \n"
    "> " + WORDS.replace("\n", "\n> "),
}


@pytest.mark.parametrize("text", FORWARDED.values(), ids=FORWARDED.keys())
@pytest.mark.parametrize("subject", ["转发：漏水", "Fwd: leak"])
def test_finds_who_wrote_what_staff_send_on(text: str, subject: str) -> None:
    """Sender and words of the letter inside, whichever program sent it on."""
    raw = f"From: 前台 <desk@example.com>\nSubject: {subject}\n\n{text}".encode()
    assert forwarded_original(parse(raw)) == ("张伟", "zw@example.cn", WORDS)


def test_finds_the_first_writer_of_what_was_sent_on_twice() -> None:
    """Two members of staff sent it on: the letter is the customer's all the same."""
    inner = FORWARDED["Gmail"]
    outer = (
        "请登记\n\n---------- Forwarded message ---------\n发件人： 前台 <desk@example.com>\n"
        f"Date: 2026年11月16日\nSubject: Fwd: 漏水\nTo: b\n\n\n{inner}"
    )
    raw = f"From: 主管 <head@example.com>\nSubject: Fwd: Fwd: 漏水\n\n{outer}".encode()
    assert forwarded_original(parse(raw)) == ("张伟", "zw@example.cn", WORDS)


def test_finds_the_writer_of_a_mail_sent_on_as_a_file() -> None:
    """A mail attached to a mail, alone, is what is sent on."""
    inner = f"From: 张伟 <zw@example.cn>\nSubject: 漏水\n\n{WORDS}".encode()
    part = b"--b\nContent-Type: message/rfc822\n\n" + inner + b"\n"
    head = b"From: desk@example.com\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee\n"
    assert forwarded_original(parse(head + part + b"--b--")) == ("张伟", "zw@example.cn", WORDS)
    assert forwarded_original(parse(head + part + part + b"--b--")) is None


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("回复：漏水", FORWARDED["Outlook"]),
        ("转发：漏水", "请登记。\n\n张伟打电话来说漏水。"),
        ("转发：漏水", "---------- Forwarded message ---------\n发件人： 张伟\nTo: a\n\n漏水"),
        ("漏水", WORDS),
    ],
)
def test_finds_nobody_where_nothing_was_sent_on(subject: str, text: str) -> None:
    """An answer quotes, too; and a sender without an address is nobody to write to."""
    raw = f"From: desk@example.com\nSubject: {subject}\n\n{text}".encode()
    assert forwarded_original(parse(raw)) is None


PIECES = (
    *(HISTORY[name] for name in ("QQ Mail", "iPhone", "Gmail, English", "Aliyun", "Zoho")),
    *SIGNATURES.values(),
    *(f"{letter}{' ' * 900}x" for letter in ("--原文", "From", "> ", "#", "|", "在", "发自我的")),
    *("<a@" * 300, "(" * 900, "-" * 900, "发件人" * 300, "，" * 900, ">" * 900, "：" * 900),
    "\n" * 900,
)


@pytest.mark.parametrize("piece", PIECES, ids=range(len(PIECES)))
def test_takes_linear_time(piece: str) -> None:
    """Ten times the text takes about ten times as long; a square would be a hundred times."""
    count = max(1, 6_000 // len(piece))
    once, ten_times = (cost_of(f"{piece}\n" * n) for n in (count, 10 * count))
    assert ten_times < 25 * max(once, 0.004)


def test_cuts_a_huge_quotation_in_time() -> None:
    """The time a quotation of 767 KB takes is that of its lines."""
    quotation = "> " + "x" * 74 + "\n"
    text = f"{WORDS}\n\nOn 2026-11-15 16:20, Office <t@example.com> wrote:\n{quotation * 10_000}"
    assert reply_of(text) == WORDS
    assert cost_of(text) < 25 * max(cost_of(text[: len(text) // 10]), 0.004)


def cost_of(text: str, cut: Callable[[str], str] = reply_of) -> float:
    """Return the processor time that a text takes, the best of three."""
    best = math.inf
    for _ in range(3):
        started = time.process_time()
        cut(text)
        best = min(best, time.process_time() - started)
    return best


@given(
    st.text(alphabet="在写道：:>-|*_\n <a@b.cn>20261116:发件人主题日期From转", max_size=300),
)
@settings(max_examples=100, deadline=None)
def test_never_raises_and_invents_nothing(text: str) -> None:
    """Whatever the text, every line of the reply is one of its lines or a part of it."""
    lines = [line.rstrip() for line in text.split("\n")]
    assert all(any(left in line for line in lines) for left in reply_of(text).split("\n") if left)
    raw = f"From: desk@example.com\nSubject: Fwd: x\n\n{text}".encode()
    forwarded_original(parse(raw))
