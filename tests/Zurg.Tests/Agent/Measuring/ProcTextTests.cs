using Zurg.Agent.Measuring;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Measuring;

public sealed class ProcTextTests
{
    [Fact]
    public void Cpu_time_counts_nice_and_interrupts_where_they_belong() =>
        Assert.Equal(
            new CpuTimes(Seconds(16), Seconds(9), Seconds(40), Seconds(5), Seconds(8)),
            ProcText.Cpu("cpu  1000 600 200 4000 500 300 400 800 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"));

    [Fact]
    public void Memory_is_what_new_work_can_have()
    {
        const string text = "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nCached: 300 kB\n"
            + "SwapTotal: 50 kB\nSwapFree: 20 kB\n";
        Assert.Equal(new MemoryMeasure(1000 << 10, 400 << 10, 50 << 10, 20 << 10), ProcText.Memory(text));
        Assert.Equal(400 << 10, ProcText.Memory(text.Replace("MemAvailable", "Other", StringComparison.Ordinal)).Available);
    }

    [Fact]
    public void Networks_without_traffic_are_left_out_and_the_busiest_stay()
    {
        var text = "Inter-| Receive\n face |bytes\n"
            + "    lo:    100 1 0 0 0 0 0 0      100 1 0 0 0 0 0 0\n"
            + "  ifb0:       0 0 0 0 0 0 0 0       0 0 0 0 0 0 0 0\n"
            + "eth0: 5000 9 1 2 0 0 0 0 7000 9 3 4 0 0 0 0\n";
        Assert.Equal(
            [new NetworkMeasure("eth0", 5000, 7000, 4, 6), new NetworkMeasure("lo", 100, 100, 0, 0)],
            ProcText.Networks(text).AsEnumerable());

        var many = string.Concat(Enumerable.Range(0, 40).Select(i => $"veth{i:00}: {100 + i} 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"));
        Assert.Equal("veth24", ProcText.Networks(many)[0].Device);
        Assert.Equal(HostMeasures.NetworksMax, ProcText.Networks(many).Length);
    }

    [Fact]
    public void Retransmissions_are_found_by_their_names_not_by_their_places()
    {
        const string snmp = "Ip: A B\nIp: 1 2\nTcp: MaxConn OutSegs RetransSegs\nTcp: -1 500 7\n";
        const string netstat = "TcpExt: SyncookiesSent ListenDrops\nTcpExt: 0 9\nIpExt: X\nIpExt: 1\n";

        Assert.Equal(new TcpMeasure(500, 7, 9), ProcText.Tcp(snmp, netstat));
        Assert.Equal(new TcpMeasure(500, 7, 0), ProcText.Tcp(snmp, ""));
        Assert.Null(ProcText.Tcp("", ""));
    }

    [Fact]
    public void Pressure_is_a_share_and_a_time_and_may_be_missing()
    {
        const string text = "some avg10=2.50 avg60=1.00 avg300=0.50 total=2000000\n"
            + "full avg10=1.00 avg60=0 avg300=0 total=1000000\n";
        Assert.Equal(new PressureMeasure("io", 0.025, Seconds(2), 0.01, Seconds(1)), ProcText.Pressure("io", text));
        Assert.Equal(0, ProcText.Pressure("cpu", text.Split('\n')[0])!.Full);
        Assert.Null(ProcText.Pressure("io", ""));
    }

    [Fact]
    public void Open_files_without_a_limit_are_no_overflow()
    {
        Assert.Equal(new OpenFilesMeasure(600, 2_000), ProcText.OpenFiles("612\t12\t2000\n"));
        Assert.Equal(long.MaxValue, ProcText.OpenFiles("612\t0\t9223372036854775807\n")!.Max);
        Assert.Equal(long.MaxValue, ProcText.OpenFiles("612\t0\t18446744073709551615\n")!.Max);
        Assert.Null(ProcText.OpenFiles(""));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
