using Zurg.Core;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Verdicts;

public sealed class ControlChoiceTests
{
    private static ControlChoice Of(TrafficScript script) => ControlChoice.Of(script.Question, Rows(script));

    private static IReadOnlyCollection<TrafficRow> Rows(TrafficScript script) =>
        new VerdictSides(script.Question).RowsOf(script.Counts.Traffic, 0, long.MaxValue);

    private static string Strata(TrafficScript script) =>
        string.Join(' ', Rows(script).Select(r => $"{r.Of.Instance.Index}:{Stratum(script, r)}").Distinct().Order());

    private static string Stratum(TrafficScript script, TrafficRow row) =>
        Of(script).StratumOf(row.Caller, row.Of.Cell) is { } s ? $"{s.Caller}>{s.Cell}" : "none";

    [Fact]
    public void Old_ones_of_the_same_cells_are_compared_each_caller_and_cell_by_itself()
    {
        var script = new TrafficScript(6, 2, "az1", "az2", "az3").Run(0, 1, 5, _ => 0, _ => 0);
        script.Run(0, 1, (i, s) => script.Of(i, s, 5), "az2");

        Assert.Equal(ControlBasis.SameCells, Of(script).Basis);
        Assert.Null(Of(script).Reason);
        Assert.Equal(
            "0:az1>az1 0:az2>az1 1:az1>az2 1:az2>az2 2:none 3:az1>az1 3:az2>az1 4:az1>az2 4:az2>az2 5:none", Strata(script));
    }

    [Fact]
    public void Where_a_new_one_s_cell_has_no_old_one_those_of_other_cells_are_compared_by_caller()
    {
        var script = new TrafficScript(3, 1, "az1", "az2", "az3").Run(0, 1, 5, _ => 0, _ => 0);

        Assert.Equal(ControlBasis.SameCallers, Of(script).Basis);
        Assert.Equal("no instance in cell az1 has 1.0.0: it is compared with those in other cells", Of(script).Reason);
        Assert.Equal("0:az1> 1:az1> 2:az1>", Strata(script));
    }

    [Fact]
    public void Where_each_cell_calls_its_own_all_are_compared()
    {
        var script = new TrafficScript(2, 1, "az1", "az2");
        script.Run(0, 9, (i, s) => i.Cell.Value == "az1" ? script.Of(i, s, 5) : null, "az1");
        script.Run(0, 9, (i, s) => i.Cell.Value == "az2" ? script.Of(i, s, 5) : null, "az2");
        // Before it began they called across: that is no sign that they do now.
        script.Run(-9, 0, (i, s) => script.Of(i, s, 5), "az1");

        Assert.Equal(ControlBasis.AnyCells, Of(script).Basis);
        Assert.Equal("0:> 1:>", Strata(script));
    }

    [Fact]
    public void Without_any_old_one_it_is_the_time_before()
    {
        var script = new TrafficScript(2, 2).Run(-5, 5, 5, _ => 0, _ => 0);

        Assert.Equal(ControlBasis.Before, Of(script).Basis);
        Assert.Equal("no instance has 1.0.0 any more: it is compared with the time before", Of(script).Reason);
        Assert.Equal("0:> 1:>", Strata(script));
    }

    [Fact]
    public void A_caller_nobody_knows_the_cell_of_is_a_caller_of_its_own()
    {
        var script = new TrafficScript(2);
        script.Run(0, 1, (i, s) => script.Of(i, s, 5), "");

        Assert.Equal("0:>az1 1:>az1", Strata(script));
    }
}
