"""`tuancheng bench`: how fast this is on this machine. What the figures mean: docs/explanation/capacity.md."""

import json
from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]

SEED = 20200427


def on_a_ground(function: Command) -> Command:
    """The options that every measurement has."""
    database = "测量用的数据库：不写则新建一个 SQLite 文件；写 PostgreSQL 数据库的地址则在旁边新建一个库。用完即删。"
    for option in (
        click.option("--json", "as_json", is_flag=True, help="以 JSON 输出结果。"),
        click.option("--database", metavar="URL", help=database),
        click.option("--seed", type=int, default=SEED, show_default=True, help="同一个数得到同样的人员和单位。"),
    ):
        function = option(function)
    return function


@click.group()
def command() -> None:
    """测量本机上的速度与占用（各项数字的含义见 docs/explanation/capacity.md）。"""


@command.command(name="steps")
@click.option("--cases", type=click.IntRange(1, 50_000), default=50, show_default=True, help="走完全程的申请人数。")
@click.option("--bare", is_flag=True, help="与不带任何业务功能的 SpiffWorkflow 交替进行并比较。")
@on_a_ground
def measure_steps(cases: int, seed: int, database: str | None, *, as_json: bool, bare: bool) -> None:
    """一个人工步骤的耗时、语句数，以及一个案件所占的字节数。"""
    from webapp.commands.bench import ground, steps

    with ground.fresh(database) as there:
        found = steps.measure(there, cases, seed, bare=bare)
    _tell(found, STEPS_IN_WORDS, as_json=as_json)


@command.command(name="http")
@click.option(
    "--cases", type=click.IntRange(1, 50_000), default=20, show_default=True, help="每种方式各走多少名申请人。"
)
@on_a_ground
def measure_http(cases: int, seed: int, database: str | None, *, as_json: bool) -> None:
    """一个人工步骤经由网络接口和网页办理的耗时（一个网页进程），与服务层办理交替进行。"""
    from webapp.commands.bench import ground, http

    with ground.fresh(database) as there:
        found = http.measure(there, cases, seed)
    _tell(found, HTTP_IN_WORDS, as_json=as_json)


@command.command(name="batch")
@click.option("--items", type=click.IntRange(1, 1000), default=200, show_default=True, help="一次批量办理的事项数。")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="后台任务的进程数。")
@on_a_ground
def measure_batch(items: int, workers: int, seed: int, database: str | None, *, as_json: bool) -> None:
    """由后台任务逐项办理一次批量审批，每秒多少项。"""
    from webapp.commands.bench import batch, ground

    with ground.fresh(database) as there:
        found = batch.measure(there, items, workers, seed)
    _tell(found, BATCH_IN_WORDS, as_json=as_json)
    if found["refused"] or not found["records_as_decided"]:
        raise SystemExit(1)


@command.command(name="inbox")
@click.option("--cases", type=click.IntRange(1, 10**6), default=5_000, show_default=True, help="在办案件数。")
@click.option("--finished", type=click.IntRange(0, 10**7), default=20_000, show_default=True, help="办结案件数。")
@click.option("--counties", type=click.IntRange(1, 103), default=103, show_default=True, help="案件分布的旗县数。")
@on_a_ground
def measure_inbox(cases: int, finished: int, counties: int, seed: int, database: str | None, *, as_json: bool) -> None:
    """在众多案件中打开待办第一页（含筛选、排序和计数）的耗时。"""
    from webapp.commands.bench import ground, inbox

    with ground.fresh(database) as there:
        found = inbox.measure(there, cases, finished, counties, seed)
    _tell(found, INBOX_IN_WORDS, as_json=as_json)


@command.command(name="timers")
@click.option(
    "--timers", "waiting", type=click.IntRange(1, 10**7), default=100_000, show_default=True, help="等待中的定时数。"
)
@click.option("--due", type=click.IntRange(1, 10_000), default=100, show_default=True, help="到期并触发的定时数。")
@on_a_ground
def measure_timers(waiting: int, due: int, seed: int, database: str | None, *, as_json: bool) -> None:
    """许多定时在等待时，查一次到期的耗时；以及触发一个到期定时的耗时。"""
    from webapp.commands.bench import ground, timers

    with ground.fresh(database) as there:
        found = timers.measure(there, waiting, due, seed)
    _tell(found, TIMERS_IN_WORDS, as_json=as_json)


@command.command(name="year")
@click.option("--people", type=click.IntRange(1, 200_000), default=500, show_default=True, help="申请人数。")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="并行的进程数。")
@click.option(
    "--year",
    type=click.IntRange(2017, 2099),
    default=2020,
    show_default=True,
    help="哪一年度的计划和规则。",
)
@on_a_ground
def measure_year(people: int, workers: int, year: int, seed: int, database: str | None, *, as_json: bool) -> None:
    """全区一个年度从下达名额到归档，逐日由服务层和后台任务办完，再对账。"""
    from webapp.commands.bench import ground
    from webapp.commands.bench import year as a_year

    with ground.fresh(database) as there:
        found = a_year.measure(there, people, year, workers, seed)
    _tell(found, YEAR_IN_WORDS, as_json=as_json)
    for fault in found["faults"][: a_year.FAULTS_TOLD]:
        click.echo(f"✗ {fault}", err=True)
    if found["faults"]:
        raise SystemExit(1)


STEPS_IN_WORDS = {
    "每秒步数": "{steps_per_s}（共 {steps} 步，{cases} 个案件）",
    "每步耗时": "中位数 {median_ms} ms，第95百分位 {p95_ms} ms，其中本进程计算 {cpu_median_ms} ms",
    "每步语句": "平均 {statements_per_step}，最多 {statements_max}",
    "每步提交": "平均 {commits_per_step}，最多 {commits_max}",
    "在办案件": "{bytes_open_case} 字节（到 {open_case_at} 时）",
    "办结案件": "{bytes_finished_case} 字节，另有履历 {journal_bytes_finished_case} 字节",
    "第200步与第5步之比": "{growth_200_to_5}",
    "与裸 SpiffWorkflow 之比": "{ratio_to_bare}（后者每秒 {bare_steps_per_s} 步）；只论计算 {cpu_ratio_to_bare}",
    "只写一行并提交": "中位数 {floor_median_ms} ms",
}

ONLY_BESIDE = frozenset({"与裸 SpiffWorkflow 之比", "只写一行并提交"})

HTTP_IN_WORDS = {
    "经接口": "每秒 {http_steps_per_s} 步（{http_steps} 步），中位数 {http_median_ms} ms，第95百分位 {http_p95_ms} ms",
    "经网页": "每秒 {page_steps_per_s} 步（{page_steps} 步），中位数 {page_median_ms} ms，第95百分位 {page_p95_ms} ms",
    "服务层": "每秒 {service_steps_per_s} 步（{service_steps} 步），中位数 {service_median_ms} ms",
    "语句": "接口 {http_statements_per_step}，网页 {page_statements_per_step}，服务层 {service_statements_per_step}",
    "办理前读取": "接口 {http_get_median_ms} ms，网页 {page_get_median_ms} ms；什么都不读 {floor_get_median_ms} ms",
}

BATCH_IN_WORDS = {
    "每秒项数": "{items_per_s}（{items} 项，{seconds} 秒，{workers} 个进程）",
    "单独一项": "中位数 {median_ms} ms，第95百分位 {p95_ms} ms，语句 {statements_per_item}，提交 {commits_per_item}",
    "在办案件": "{bytes_open_case} 字节",
    "结果": "办成 {done} 项，被拒 {refused} 项 {refusals}",
    "逐项核对": "{records_as_decided}",
}

INBOX_IN_WORDS = {
    "案件": "在办 {cases}，办结 {finished}，分布在 {counties} 个旗县",
    "待办": "旗县经办人 {items_seen[county]} 项，学校审批人 {items_seen[school]} 项",
    "第一页": "中位数 {median_ms} ms，第95百分位 {p95_ms} ms（打开 {runs} 次）",
    "每页语句": "平均 {statements_per_page}，最多 {statements_max}；提交 {commits_per_page}",
    "所占字节": "在办案件 {bytes_open_case}，办结案件 {bytes_finished_case}",
}

TIMERS_IN_WORDS = {
    "查一次到期": "中位数 {tick_median_ms} ms，第95百分位 {tick_p95_ms} ms（{waiting} 个在等待，没有到期的）",
    "几乎没有定时在等待时": "中位数 {tick_alone_median_ms} ms",
    "用索引": "{uses_index}",
    "触发一个": "中位数 {fire_median_ms} ms，第95百分位 {fire_p95_ms} ms（每秒 {fired_per_s} 个，共 {fired} 个）",
}

YEAR_IN_WORDS = {
    "规模": "{people} 名申请人，{year} 年度，{days} 天，{workers} 个进程",
    "用时": "{seconds} 秒（另有建立单位和人员 {seconds_to_build} 秒，对账 {seconds_to_audit} 秒）",
    "每秒步数": "{steps_per_s}（共 {steps} 步），每步连同其余事务计算 {cpu_ms_per_step} ms（不含数据库服务器）",
    "经过": "{acts}，后台事项 {jobs_performed}",
    "结果": "{outcomes}",
    "未办结的等待": "{waiting}",
    "被拒": "{refusals}",
    "占用": "内存 {memory_mb} MB（各进程最高之和，不含数据库服务器），数据库 {database_mb} MB",
    "对账": "{checked}，差错 {faults}",
}


def _tell(found: dict[str, Any], words: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    click.echo(f"数据库：{found['versions']['database']}，Python {found['versions']['python']}")
    for name, sentence in words.items():
        if name not in ONLY_BESIDE or found["ratio_to_bare"] is not None:
            click.echo(f"{name}：{sentence.format(**found)}")
