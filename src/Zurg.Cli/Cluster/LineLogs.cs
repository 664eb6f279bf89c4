using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Zurg.Cli.Cluster;

/// <summary>Logs as lines: time, level, category, event id, text. Warnings and above, or from information on.</summary>
internal sealed class LineLogs(TextWriter writer, LogLevel least, TimeProvider time) : ILoggerProvider
{
    private readonly Lock gate = new();

    public static ILoggerFactory Factory(TextWriter writer, LogLevel least, TimeProvider time) =>
        LoggerFactory.Create(b => b.AddProvider(new LineLogs(writer, least, time)).SetMinimumLevel(least));

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName);

    public void Dispose()
    {
        lock (gate)
        {
            writer.Flush();
        }
    }

    private void Write(LogLevel level, string category, EventId id, string text, Exception? exception)
    {
        var at = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        lock (gate)
        {
            writer.WriteLine(
                $"{at} {level.ToString().ToLowerInvariant()} {category[(category.LastIndexOf('.') + 1)..]} {id.Id}: {text}");
            if (exception is not null)
            {
                writer.WriteLine($"  {exception.ToString().ReplaceLineEndings("\n  ")}");
            }

            writer.Flush();
        }
    }

    private sealed class LineLogger(LineLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        // ASP.NET Core says at the level of information what our own endpoints say better.
        public bool IsEnabled(LogLevel logLevel) =>
            logLevel >= (category.StartsWith("Microsoft.", StringComparison.Ordinal) ? LogLevel.Warning : logs.Least);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                logs.Write(logLevel, category, eventId, formatter(state, exception), exception);
            }
        }
    }

    private LogLevel Least => least;
}
