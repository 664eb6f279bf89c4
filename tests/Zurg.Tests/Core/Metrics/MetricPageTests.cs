using Zurg.Core;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Metrics;

public sealed class MetricPageTests
{
    [Fact]
    public void Each_name_is_told_once_with_its_samples_below_it()
    {
        var page = new MetricPage();
        page.Gauge("zurg_b", "B.", 1.5, ("host", "one"));
        page.Counter("zurg_a_total", "A.", 3);
        page.Gauge("zurg_b", "B.", double.PositiveInfinity, ("host", "two"));

        Assert.Equal(
            "# HELP zurg_a_total A.\n# TYPE zurg_a_total counter\nzurg_a_total 3\n"
            + "# HELP zurg_b B.\n# TYPE zurg_b gauge\nzurg_b{host=\"one\"} 1.5\nzurg_b{host=\"two\"} +Inf\n",
            page.ToString());
    }

    [Fact]
    public void Backslashes_quotes_and_newlines_are_escaped_where_the_format_wants_it()
    {
        var page = new MetricPage();
        page.Gauge("zurg_x", "a \"b\" \\ c\nd", double.NaN, ("path", "C:\\ \"x\"\ny"));

        Assert.Equal(
            "# HELP zurg_x a \"b\" \\\\ c\\nd\n# TYPE zurg_x gauge\nzurg_x{path=\"C:\\\\ \\\"x\\\"\\ny\"} NaN\n",
            page.ToString());
        Assert.Single(MetricLines.Parse(page.ToString()));
    }
}
