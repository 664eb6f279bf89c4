using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Zurg.Sdk.AspNetCore;

namespace Zurg.Bench;

/// <summary>
/// An instance of the service that is rolled out: an ASP.NET Core application with the two lines of Zurg.Sdk.AspNetCore, whose
/// answers take as long as they are asked to. At SIGTERM it writes down when that came, and how long it had work before.
/// </summary>
internal static class RolloutServer
{
    public const string Verb = "rollout-server";

    /// <summary>The file in the environment, to which one line is added.</summary>
    public const string StopsVariable = "BENCH_STOPS";

    private static readonly Lock Lock = new();
    private static int _underWay;
    private static long _toldAt;
    private static long _busySince;
    private static long _busy;

    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT_HTTP")}");
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddZurg();
        await using var app = builder.Build();
        app.MapZurgHealth();
        app.MapPost("/work", (RequestDelegate)WorkAsync);
        using var told = app.Services.GetRequiredService<ZurgLifetime>().Draining.Register(Told);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Write());
        await app.RunAsync();
        return 0;
    }

    /// <summary>POST /work?ms=N: an answer after N milliseconds.</summary>
    private static async Task WorkAsync(HttpContext http)
    {
        Count(1);
        http.Response.OnCompleted(() =>
        {
            Count(-1);
            return Task.CompletedTask;
        });
        var work = TimeSpan.FromMilliseconds(int.Parse(http.Request.Query["ms"]!, CultureInfo.InvariantCulture));
        await Task.Delay(work, TimeProvider.System, http.RequestAborted);
        http.Response.ContentLength = 3;
        await http.Response.WriteAsync("ok\n", http.RequestAborted);
    }

    private static void Told()
    {
        lock (Lock)
        {
            _toldAt = Stopwatch.GetTimestamp();
            _busySince = _toldAt;
        }
    }

    private static void Count(int change)
    {
        lock (Lock)
        {
            var now = Stopwatch.GetTimestamp();
            if (_underWay == 0 && change > 0)
            {
                _busySince = now;
            }

            _underWay += change;
            if (_underWay == 0 && change < 0 && _toldAt != 0)
            {
                _busy += now - _busySince;
            }
        }
    }

    private static void Write()
    {
        var now = TimeProvider.System.GetUtcNow();
        TimeSpan told, busy;
        lock (Lock)
        {
            told = _toldAt == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_toldAt);
            var last = _toldAt != 0 && _underWay > 0 ? Stopwatch.GetTimestamp() - _busySince : 0;
            busy = Stopwatch.GetElapsedTime(0, _busy + last);
        }

        var stop = new RolloutStop(Environment.GetEnvironmentVariable("ZURG_INSTANCE")!, now, told, busy);
        File.AppendAllText(Environment.GetEnvironmentVariable(StopsVariable)!, stop + "\n");
    }
}

/// <summary>What an instance wrote down when its SIGTERM came.</summary>
/// <param name="At">When it came.</param>
/// <param name="Told">So long before, it had been told that it is being stopped; zero when it was not.</param>
/// <param name="Busy">So much of that time it had at least one request under way.</param>
internal sealed record RolloutStop(string Instance, DateTimeOffset At, TimeSpan Told, TimeSpan Busy)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Instance} {At.UtcTicks} {Told.Ticks} {Busy.Ticks}");

    public static RolloutStop Parse(string line)
    {
        var parts = line.Split(' ');
        return new RolloutStop(
            parts[0], new DateTimeOffset(Ticks(1), TimeSpan.Zero), TimeSpan.FromTicks(Ticks(2)), TimeSpan.FromTicks(Ticks(3)));
        long Ticks(int part) => long.Parse(parts[part], CultureInfo.InvariantCulture);
    }
}
