"""What people read when something that is no refusal of the product went wrong."""

from flask_babel import lazy_gettext

TITLES = {
    400: lazy_gettext("请求无法读取"),
    401: lazy_gettext("需要登录"),
    403: lazy_gettext("无权办理"),
    404: lazy_gettext("找不到"),
    405: lazy_gettext("不支持的操作"),
    409: lazy_gettext("不能办理"),
    412: lazy_gettext("内容已有变更"),
    413: lazy_gettext("内容过大"),
    415: lazy_gettext("不支持的格式"),
    422: lazy_gettext("内容有误"),
    428: lazy_gettext("缺少版本"),
    429: lazy_gettext("访问过于频繁"),
    500: lazy_gettext("系统出错"),
    503: lazy_gettext("系统繁忙"),
}

SENTENCES = {
    400: lazy_gettext("请求的内容无法读取，请检查后重新提交。"),
    404: lazy_gettext("找不到您要打开的内容，请从列表中重新打开。"),
    405: lazy_gettext("这个地址不支持该操作。"),
    413: lazy_gettext("提交的内容过大，请精简后再提交。"),
    415: lazy_gettext("请以 application/json 格式提交。"),
    422: lazy_gettext("填写的内容有误，请按各栏的提示修改后再提交。"),
    429: lazy_gettext("请求过于频繁，请稍后再试。"),
    500: lazy_gettext("系统出现意外错误，您的操作没有生效。请稍后再试；如仍出错，请联系系统管理员。"),
}

WRONG_FIELD = {
    "必填": lazy_gettext("必填"),
    "此时必填": lazy_gettext("此时必填"),
    "请从列表中选择": lazy_gettext("请从列表中选择"),
    "请从选项中选择一项": lazy_gettext("请从选项中选择一项"),
    "请填数字": lazy_gettext("请填数字"),
    "请填日期，如 2020-05-04": lazy_gettext("请填日期，如 2020-05-04"),
    "请选是或否": lazy_gettext("请选是或否"),
    "格式不对": lazy_gettext("格式不对"),
    "与规则不符": lazy_gettext("与规则不符"),
    "请说明理由，5 至 500 个字": lazy_gettext("请说明理由，5 至 500 个字"),
    "对应关系中有不存在的图元，或两个图元不是同一种": lazy_gettext("对应关系中有不存在的图元，或两个图元不是同一种"),
}
"""What the engine says of a field of any form; everything else about the field is the bundle's."""

MARSHMALLOW_WORDS = {
    "Missing data for required field.": lazy_gettext("此项必填。"),
    "Field may not be null.": lazy_gettext("此项不能为空。"),
    "Unknown field.": lazy_gettext("没有这一项。"),
    "Invalid input type.": lazy_gettext("格式不正确。"),
    "Not a valid string.": lazy_gettext("应为文字。"),
    "Not a valid integer.": lazy_gettext("应为整数。"),
    "Not a valid number.": lazy_gettext("应为数字。"),
    "Not a valid boolean.": lazy_gettext("应为 true 或 false。"),
    "Not a valid date.": lazy_gettext("日期格式应为 2020-05-04。"),
    "Not a valid datetime.": lazy_gettext("时间格式应为 2020-05-04T09:00:00+08:00。"),
    "Not a valid list.": lazy_gettext("应为列表。"),
    "Not a valid mapping type.": lazy_gettext("应为对象。"),
    "Invalid value.": lazy_gettext("此项的值不允许。"),
}
